/** What marks an error whose attempt an adapter of ours never sent. By name, since both builds may meet in one process. */
const UNSENT = Symbol.for('axios-tenacity.unsent');

/** Marks the error of an attempt that was not sent, so that what the attempt cost is given back; answers the error. */
export function markUnsent<E>(error: E): E {
  if (error instanceof Object) Object.defineProperty(error, UNSENT, { value: true });
  return error;
}

/** Whether an adapter of ours rejected with this error instead of sending. */
export const isMarkedUnsent = (error: unknown): boolean =>
  (error as { readonly [UNSENT]?: boolean } | null | undefined)?.[UNSENT] === true;
