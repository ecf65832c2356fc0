/** Replays an outage away from the page: the globals that other plugins read are virtual meanwhile. */

// The model asks for `setImmediate` of Node when it is loaded: a turn of the event loop, after all microtasks.
const waiting = [];
const { port1, port2 } = new MessageChannel();
port1.onmessage = () => waiting.shift()();
globalThis.setImmediate = (callback) => {
  waiting.push(callback);
  port2.postMessage(undefined);
};
const model = import('./outage.mjs');

// One after the other: the globals are virtual for one replay at a time.
let last = Promise.resolve();

globalThis.onmessage = ({ data: { way, ...world } }) => {
  last = last.then(async () => {
    try {
      const { replay, span } = await model;
      globalThis.postMessage({ way, span, result: await replay(way, world) });
    } catch (error) {
      globalThis.postMessage({ way, error: String(error?.message ?? error) });
    }
  });
};
