/** Replays an outage away from the page: the globals that other plugins read are virtual meanwhile. */
import './immediate.mjs';
import { replay, span } from './outage.mjs';

globalThis.onmessage = async ({ data: { way, ...world } }) => {
  try {
    globalThis.postMessage({ way, span, result: await replay(way, world) });
  } catch (error) {
    globalThis.postMessage({ way, error: String(error?.message ?? error) });
  }
};
