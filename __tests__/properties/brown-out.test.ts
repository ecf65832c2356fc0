import axios, { type AxiosAdapter, AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { attachRetry, limitConcurrency } from '../../lib/index.ts';
import { seededRandom } from '../../lib/testing.ts';
import { createEventClock } from '../helpers/event-clock.ts';

jest.setTimeout(120_000);

const CLIENTS = 25;
const RATE = 10;
const END = 20_000;
const SERVICE = 66.7;
/** Half of what the load takes. */
const WORKERS = 13;
const TIMEOUT = 3_000;

interface Call {
  readonly isOk: boolean;
  readonly duration: number;
}

/** What comes of all requests that a fleet makes of a server with half the workers that it needs. */
async function brownOut(around: (send: AxiosAdapter) => AxiosAdapter): Promise<readonly Call[]> {
  const clock = createEventClock();
  const random = seededRandom(5);
  const exponential = (mean: number): number => -mean * Math.log(1 - random());
  const queue: (() => void)[] = [];
  let busy = 0;

  const serve = (): void => {
    if (busy === WORKERS) return;
    const answer = queue.shift();
    if (!answer) return;
    busy += 1;
    void clock.alarm(exponential(SERVICE)).then(() => {
      busy -= 1;
      answer();
      serve();
    });
  };
  // The server does not see that a client has given up.
  const send = (config: InternalAxiosRequestConfig): ReturnType<AxiosAdapter> =>
    new Promise((resolve, reject) => {
      queue.push(() => resolve({ status: 200, statusText: '', headers: {}, config, request: {}, data: '' }));
      serve();
      void clock
        .alarm(TIMEOUT)
        .then(() => reject(new AxiosError('timeout', AxiosError.ECONNABORTED, config, {})));
    });

  const calls: Promise<Call>[] = [];
  const live = async (): Promise<void> => {
    const client = axios.create({ adapter: around(send), baseURL: 'https://api.example.com' });
    attachRetry(client, {}, { clock, random });
    for (;;) {
      await clock.alarm(exponential(1_000 / RATE));
      const startedAt = clock.monotonic();
      if (startedAt >= END) return;
      const end = (isOk: boolean) => (): Call => ({ isOk, duration: clock.monotonic() - startedAt });
      calls.push(client.get('/').then(end(true), end(false)));
    }
  };
  const lives = Array.from({ length: CLIENTS }, live);
  await clock.run();
  await Promise.all(lives);
  return Promise.all(calls);
}

const successOf = (calls: readonly Call[]): number => calls.filter(({ isOk }) => isOk).length / calls.length;

const medianOf = (calls: readonly Call[]): number =>
  calls.map(({ duration }) => duration).sort((a, b) => a - b)[calls.length >> 1] ?? Number.NaN;

describe('a server with half the capacity that it needs', () => {
  test('answers few in time when everybody waits at the server', async () => {
    expect(successOf(await brownOut((send) => send))).toBeLessThan(0.6);
  });

  test('answers three in four, and soon, when nobody waits in line', async () => {
    const calls = await brownOut((send) => limitConcurrency(8, send, { maxPending: 0 }));
    expect(successOf(calls)).toBeGreaterThanOrEqual(0.75);
    expect(medianOf(calls)).toBeLessThan(1_200);
  });
});
