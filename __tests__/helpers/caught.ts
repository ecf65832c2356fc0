import type { AxiosError } from 'axios';

/** What a promise is rejected with, typed as what it mostly is; fails when it is fulfilled. */
export const caught = <E = AxiosError>(promise: Promise<unknown>): Promise<E> =>
  promise.then(
    () => {
      throw new Error('Expected a rejection');
    },
    (error: E) => error,
  );
