import axios, { type AxiosAdapter, type AxiosRequestConfig, getAdapter } from 'axios';
import { expected } from '../expected.ts';

/** An adapter as axios takes it: a name, a function, or a list of these, of which the first that works here is used. */
export type Adapter = AxiosRequestConfig['adapter'];

/**
 * A function that sends through an adapter and never throws but by rejecting. The default is what axios has now, not at
 * the request: it may be replaced by what wraps it.
 *
 * @throws TypeError for what cannot be an adapter; a name that axios does not know fails at the request
 */
export function senderOf(adapter: Adapter = axios.defaults.adapter): AxiosAdapter {
  const choices: readonly unknown[] = [adapter].flat();
  if (!choices.some(isUsable) || !choices.every((choice) => isUsable(choice) || isLeftOut(choice))) {
    throw expected('`adapter`', 'the name of an adapter, a function, or an array of these', adapter);
  }
  return async (config) => getAdapter(adapter, config)(config);
}

const isUsable = (choice: unknown): boolean =>
  typeof choice === 'function' || (typeof choice === 'string' && choice !== '');

// As in `[isBrowser && 'xhr', 'fetch']`, which axios takes.
const isLeftOut = (choice: unknown): boolean => choice === false || choice === null;
