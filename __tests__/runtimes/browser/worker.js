import { runCases } from './cases.js';

globalThis.onmessage = async ({ data }) => globalThis.postMessage(await runCases(data));
