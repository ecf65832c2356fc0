/** Resolves when the browser is online: at once, or with the next `online` event. Rejects when the signal aborts. */
export function online(signal) {
  if (navigator.onLine) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const settle = () => {
      window.removeEventListener('online', settle);
      signal?.removeEventListener('abort', settle);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    window.addEventListener('online', settle);
    signal?.addEventListener('abort', settle);
    if (signal?.aborted) settle();
  });
}
