import { runCases } from './cases.js';

globalThis.addEventListener('install', () => globalThis.skipWaiting());
globalThis.addEventListener('activate', (event) => event.waitUntil(globalThis.clients.claim()));
globalThis.addEventListener('message', (event) => {
  const [port] = event.ports;
  event.waitUntil(runCases(event.data).then((results) => port.postMessage(results)));
});
