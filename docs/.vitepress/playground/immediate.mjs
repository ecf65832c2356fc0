/** `setImmediate` of Node, which the model of the outage asks for: after all microtasks. */
const waiting = [];
const { port1, port2 } = new MessageChannel();
port1.onmessage = () => waiting.shift()();
globalThis.setImmediate ??= (callback) => {
  waiting.push(callback);
  port2.postMessage(undefined);
};
