import type { InternalAxiosRequestConfig } from 'axios';

/**
 * Under which a state answers whether the server of its request is well: its throttle is at least half full and no cooldown is
 * on. Not `instanceof`: both builds of the package may meet in one process.
 */
export const CALM: unique symbol = Symbol.for('axios-tenacity.calm');

interface Carrier {
  readonly retryState?: { [CALM]?(config: InternalAxiosRequestConfig): boolean } | null;
}

/** Whether an extra request does no harm, as far as the plugin knows; true for a request that it does not know. */
export const isCalm = (config: InternalAxiosRequestConfig): boolean =>
  (config as Carrier).retryState?.[CALM]?.(config) ?? true;
