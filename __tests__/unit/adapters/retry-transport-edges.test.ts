import { AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import { retryTransport } from '../../../lib/index.ts';
import { caught } from '../../helpers/caught.ts';

/** How often a request is sent when no connection can be made, after a redirect for all that is known. */
async function sendsOf(method: string | undefined): Promise<number> {
  let sends = 0;
  const refuse = (): Promise<never> => {
    sends += 1;
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { syscall: 'connect' });
    return Promise.reject(
      Object.assign(new Error('Network Error', { cause }), { request: { redirect: 'follow' } }),
    );
  };
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  const config = { headers: new AxiosHeaders(), ...(method && { method }) } as InternalAxiosRequestConfig;
  await caught(retryTransport({}, refuse, { clock })(config));
  return sends;
}

test.each([
  [undefined, 3],
  ['get', 3],
  ['DELETE', 3],
  ['query', 3],
  ['post', 1],
  ['target', 1],
  ['getall', 1],
])('behind a redirect a %p is sent %i times', async (method, sends) => {
  expect(await sendsOf(method)).toBe(sends);
});

test.each([['full'], ['equal'], ['none'], [true], [false]] as const)('%p is a jitter', (jitter) => {
  expect(() => retryTransport({ jitter })).not.toThrow();
});

test.each([[''], [() => 0], [1]])('%p is no jitter', (jitter) => {
  expect(() => retryTransport({ jitter: jitter as never })).toThrow(/jitter/);
});
