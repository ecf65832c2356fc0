/** Bytes of live objects; needs `--expose-gc`. What was just let go of takes more than one collection to go. */
export async function heapUsed() {
  for (let i = 0; i < 4; i += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}
