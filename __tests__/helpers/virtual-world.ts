import axios, { AxiosError, type AxiosResponse, CanceledError, type InternalAxiosRequestConfig } from 'axios';
import { attachRetry, type RetryOptions, type RetryReport, retryReport } from '../../lib/index.ts';
import { seededRandom } from '../../lib/testing.ts';
import { createEventClock, type EventClock } from './event-clock.ts';

/** What one attempt comes to in virtual time: a status or a lost connection, after so many milliseconds. */
export interface Turn {
  readonly status: number | 'reset';
  readonly latency: number;
  /** Milliseconds that the server asks to wait. */
  readonly hint?: number | undefined;
}

/** One attempt as the adapter saw it. */
interface Sending {
  readonly sentAt: number;
  /** When its outcome came; `Infinity` when it was cut off before. */
  endedAt: number;
  readonly turn: Turn;
}

/** One call and what came of it. */
export interface Call {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly ok: boolean;
  readonly value: unknown;
  readonly report: RetryReport | undefined;
  readonly sendings: readonly Sending[];
}

/** What to call, and how it goes. */
interface Plan {
  readonly turns: readonly Turn[] | ((now: number) => Turn);
  readonly retry?: RetryOptions | undefined;
  /** Milliseconds after the start of the call at which its signal aborts. */
  readonly abortAfter?: number | undefined;
  /** Milliseconds that each request interceptor takes. */
  readonly interceptor?: number | undefined;
}

export interface World {
  readonly clock: EventClock;
  readonly call: (plan: Plan) => Promise<Call>;
  /** Every wait that has ended, whole or not, in milliseconds. */
  readonly waits: readonly number[];
}

/** A client whose time, chance and network are virtual; nothing in it takes time. */
export function createWorld(options: RetryOptions, seed = 1): World {
  const clock = createEventClock();
  const waits: number[] = [];
  const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    const beganAt = clock.monotonic();
    try {
      await clock.sleep(ms, signal);
    } finally {
      waits.push(clock.monotonic() - beganAt);
    }
  };
  const runtime = { clock: { ...clock, sleep }, random: seededRandom(seed) };

  const client = axios.create({ adapter: (config) => send(clock, config) });
  attachRetry(client, options, runtime);
  client.interceptors.request.use(async (config) => {
    const { interceptor = 0 } = playOf(config).plan;
    if (interceptor > 0) await clock.alarm(interceptor);
    return config;
  });

  return {
    clock,
    waits,
    async call(plan) {
      const play = new Play(plan);
      const controller = new AbortController();
      const startedAt = clock.monotonic();
      if (plan.abortAfter !== undefined) void clock.alarm(plan.abortAfter).then(() => controller.abort());
      const config = { play, signal: controller.signal, retry: plan.retry };
      const [ok, value] = await client.get('https://api.example.com/', config as object).then(
        (response): [boolean, unknown] => [true, response],
        (error: unknown): [boolean, unknown] => [false, error],
      );
      const { sendings } = play;
      return { startedAt, endedAt: clock.monotonic(), ok, value, report: retryReport(value), sendings };
    },
  };
}

/** A call under way. A class instance, so that axios hands on the same one with every attempt. */
class Play {
  readonly sendings: Sending[] = [];
  constructor(readonly plan: Plan) {}

  next(now: number): Turn {
    const { turns } = this.plan;
    if (typeof turns === 'function') return turns(now);
    return turns[Math.min(this.sendings.length, turns.length - 1)] as Turn;
  }
}

const playOf = (config: object): Play => (config as { play: Play }).play;

async function send(clock: EventClock, config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
  const play = playOf(config);
  const turn = play.next(clock.monotonic());
  const sending: Sending = { sentAt: clock.monotonic(), endedAt: Infinity, turn };
  play.sendings.push(sending);
  try {
    await clock.alarm(turn.latency, config.signal as AbortSignal);
  } catch {
    throw new CanceledError(undefined, config);
  }
  sending.endedAt = clock.monotonic();
  if (turn.status === 'reset') throw new AxiosError('socket hang up', 'ECONNRESET', config);
  const headers = turn.hint === undefined ? {} : { 'retry-after-ms': `${turn.hint}` };
  const response = { status: turn.status, statusText: '', headers, config, request: {}, data: '' };
  if (turn.status < 400) return response;
  throw new AxiosError(`status ${turn.status}`, undefined, config, {}, response);
}
