import type { InternalAxiosRequestConfig } from 'axios';
import { CALM, isCalm } from '../../../lib/axios/calm.ts';

const withState = (retryState: unknown) =>
  ({ url: '/', retryState }) as unknown as InternalAxiosRequestConfig;

test('a request that the plugin does not know is calm', () => {
  for (const state of [undefined, null, {}]) expect(isCalm(withState(state))).toBe(true);
});

test('a request that it knows is as calm as its state says, for this config', () => {
  const state = { [CALM]: jest.fn().mockReturnValueOnce(false).mockReturnValueOnce(true) };
  const config = withState(state);
  expect([isCalm(config), isCalm(config)]).toEqual([false, true]);
  expect(state[CALM].mock.calls).toEqual([[config], [config]]);
});

test('the builds of the package know the mark of each other', () => {
  expect(CALM).toBe(Symbol.for('axios-tenacity.calm'));
});
