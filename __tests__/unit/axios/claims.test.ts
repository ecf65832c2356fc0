import { type AxiosAdapter, AxiosError, CanceledError } from 'axios';
import { watchBody } from '../../../lib/axios/body.ts';
import { type Claimant, claimantsOf, claimErrors } from '../../../lib/axios/claims.ts';
import { retryReport } from '../../../lib/axios/report.ts';
import type { Config } from '../../../lib/axios/snapshot.ts';
import { caught } from '../../helpers/caught.ts';

const REPORT = Symbol.for('axios-tenacity.report');

const claimantOf = (name: string, isTaken = false): Claimant =>
  ({ isTaken, [REPORT]: () => name }) as unknown as Claimant;

/** Sends a request whose adapter answers so. */
function send(adapter: AxiosAdapter, claimant: Claimant, given: object = {}): Promise<unknown> {
  const config = { url: '/', headers: {}, adapter, ...given } as unknown as Config;
  claimErrors(config, claimant);
  return Promise.resolve((config.adapter as AxiosAdapter)(config));
}

const rejecting =
  (error: unknown): AxiosAdapter =>
  () =>
    Promise.reject(error);

test('an answer passes, and the config has its own adapter again', async () => {
  const adapter: AxiosAdapter = (config) => Promise.resolve({ config, status: 200 } as never);
  const { config } = (await send(adapter, claimantOf('a'))) as { config: Config };
  expect(config.adapter).toBe(adapter);
});

describe('an error belongs to the request', () => {
  test.each<[string, object]>([
    ['when it has no config', new Error('no file')],
    ['when its config is none', Object.assign(new Error('no file'), { config: undefined })],
    ['when it is a cancellation', new CanceledError()],
    ['when it is a cancellation with a config', new CanceledError(undefined, {} as never)],
  ])('%s', async (_, error) => {
    const claimant = claimantOf('a');
    expect(await caught(send(rejecting(error), claimant))).toBe(error);
    expect(claimantsOf(error)).toEqual([claimant]);
    expect(retryReport(error)).toBe('a');
  });

  test('but not when it has the config of one', async () => {
    const error = new AxiosError('reset', 'ECONNRESET', {} as never);
    expect(await caught(send(rejecting(error), claimantOf('a')))).toBe(error);
    expect(claimantsOf(error)).toEqual([]);
  });

  test.each([undefined, null, 'text'])('nor when it is no object: %p', async (error) => {
    expect(await caught(send(rejecting(error), claimantOf('a')))).toBe(error);
    expect(claimantsOf(error)).toEqual([]);
  });
});

test('one error may belong to several requests, and not to those whose outcome is known', async () => {
  const error = new CanceledError();
  const [first, second, taken] = [claimantOf('a'), claimantOf('b'), claimantOf('c', true)];
  for (const claimant of [first, taken, second]) await caught(send(rejecting(error), claimant));
  expect(claimantsOf(error)).toEqual([first, second]);
  Object.assign(first, { isTaken: true });
  expect(claimantsOf(error)).toEqual([second]);
});

test('a body that failed before is not sent, and its error belongs to the request', async () => {
  const listeners: ((error: Error) => void)[] = [];
  const body = { pipe: () => undefined, on: (_: string, listener: () => void) => listeners.push(listener) };
  watchBody(body);
  const error = new Error('no file');
  for (const listener of listeners) listener(error);
  const adapter = jest.fn();
  const claimant = claimantOf('a');
  expect(await caught(send(adapter, claimant, { data: body }))).toBe(error);
  expect(adapter).not.toHaveBeenCalled();
  expect(claimantsOf(error)).toEqual([claimant]);
});
