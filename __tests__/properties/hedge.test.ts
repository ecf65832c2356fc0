import axios, { type AxiosAdapter, CanceledError } from 'axios';
import { hedge } from '../../lib/index.ts';
import { seededRandom } from '../../lib/testing.ts';
import { createEventClock } from '../helpers/event-clock.ts';

jest.setTimeout(60_000);

const RATE = 200;

/** How long an answer takes, in milliseconds, at a moment and by chance. */
type Latency = (now: number, random: () => number) => number;

const usual: Latency = (_, random) => 28 + 10 * random();

const onePercentLate: Latency = (now, random) => usual(now, random) + (random() < 0.01 ? 1_000 : 0);

/** Sends 200 requests a second. */
async function drive(
  latencyOf: Latency,
  around: (send: AxiosAdapter, clock: object) => AxiosAdapter,
  seconds = 20,
) {
  const clock = createEventClock();
  const random = seededRandom(21);
  let sent = 0;
  const send: AxiosAdapter = async (config) => {
    sent += 1;
    try {
      await clock.alarm(latencyOf(clock.monotonic(), random), config.signal as AbortSignal);
    } catch {
      throw new CanceledError(undefined, config);
    }
    return { status: 200, statusText: '', headers: {}, config, request: {}, data: '' };
  };
  const client = axios.create({ adapter: around(send, clock), baseURL: 'https://api.example.com' });
  const durations = Array.from({ length: seconds * RATE }, async (_, index) => {
    await clock.alarm((index * 1_000) / RATE);
    const startedAt = clock.monotonic();
    await client.get('/');
    return clock.monotonic() - startedAt;
  });
  await clock.run();
  const sorted = (await Promise.all(durations)).sort((a, b) => a - b);
  return { p999: sorted[Math.floor(sorted.length * 0.999)] ?? Number.NaN, extra: sent / sorted.length - 1 };
}

const hedged = (send: AxiosAdapter, clock: object): AxiosAdapter =>
  hedge({}, send, { clock: clock as never });

describe('200 requests a second', () => {
  test('of which one in a hundred is a second late: 99.9 % are answered in 150 ms, for at most 6 % more sent', async () => {
    expect((await drive(onePercentLate, (send) => send)).p999).toBeGreaterThan(1_000);
    const { p999, extra } = await drive(onePercentLate, hedged);
    expect(p999).toBeLessThanOrEqual(150);
    expect(extra).toBeLessThanOrEqual(0.06);
  });

  test.each<[string, Latency]>([
    ['all at once', (now, random) => usual(now, random) * (now < 5_000 ? 1 : 10)],
    ['step by step', (now, random) => usual(now, random) * (1 + now / 2_000)],
    ['for a second in every five', (now, random) => usual(now, random) * (now % 5_000 < 1_000 ? 8 : 1)],
    ['by chance, each other one', (now, random) => usual(now, random) * (random() < 0.5 ? 20 : 1)],
  ])('of a server that becomes slow %s add at most 6 %% to its load', async (_, latency) => {
    expect((await drive(latency, hedged)).extra).toBeLessThanOrEqual(0.06);
  });
});
