import type { AxiosAdapter, AxiosResponse, GenericAbortSignal, InternalAxiosRequestConfig } from 'axios';
import { type Adapter, senderOf } from '../axios/adapter.ts';
import { isCalm } from '../axios/calm.ts';
import { originOf } from '../limits/origin.ts';
import { aFactor, aShare } from '../options/common-rules.ts';
import { expected } from '../options/expected.ts';
import { isIntegerWithin, isWithin } from '../options/fields.ts';
import { type FilledRules, readFilled } from '../options/filled.ts';
import { type CancelSource, isCancelled, onAbort, sourcesOf } from '../runtime/abort.ts';
import { completeClock, systemClock } from '../runtime/clock.ts';
import type { RetryRuntime } from '../types.ts';
import { Lane } from './lane.ts';

type Config = InternalAxiosRequestConfig;

declare module 'axios' {
  interface AxiosRequestConfig {
    /** Whether the adapter made by `hedge` may send a second copy of this request. By default it may. */
    hedge?: boolean | undefined;
  }
}

/** When `hedge` sends a second copy of a request, and of how many. */
export interface HedgeOptions {
  /**
   * How long the first copy may take before the second is sent. Below 1 it is a quantile of the latencies of the last 1,000
   * answers of the origin: at `0.95` one request in twenty gets a second copy. From 1 on it is milliseconds.
   *
   * @defaultValue 0.95
   */
  readonly delay?: number | undefined;
  /**
   * The most second copies for each request that could have one: a number > 0 and ≤ 1. A second copy that does not answer first
   * counts twice, so a server that becomes slow for all gets half as many at most.
   *
   * @defaultValue 0.1
   */
  readonly ratio?: number | undefined;
  /**
   * How many second copies may be sent at once beyond `ratio`: a finite number ≥ 1.
   *
   * @defaultValue 10
   */
  readonly burst?: number | undefined;
  /**
   * How many answers of an origin have to come before their quantile counts, an integer from 1 to 1,000. It does not
   * matter when `delay` is in milliseconds.
   *
   * @defaultValue 100
   */
  readonly warmup?: number | undefined;
}

/** An adapter that sends a second copy of a request that takes long. */
export interface HedgingAdapter extends AxiosAdapter {
  /** Second copies sent so far. */
  readonly hedged: number;
  /** How many of these answered first. */
  readonly won: number;
}

const DEFAULTS = { delay: 0.95, ratio: 0.1, burst: 10, warmup: 100 };

const RULES: FilledRules<HedgeOptions> = {
  delay: [
    'a quantile > 0 and < 1, or a finite number of milliseconds ≥ 1',
    (n) => isWithin(n, Number.MIN_VALUE, Number.MAX_VALUE),
  ],
  ratio: aShare,
  burst: aFactor,
  warmup: ['an integer from 1 to 1000', (n) => isIntegerWithin(n, 1, 1_000)],
};

const MOST_ORIGINS = 100;

/**
 * An adapter that sends a second copy of a request when the first takes longer than most, takes the first good answer and aborts
 * the other copy. It shortens the longest waits where single requests are late by bad luck. It does not help where the server
 * is slow for all, and then it holds back.
 *
 * Only GET, HEAD, OPTIONS and TRACE without a body get a second copy, unless their response is a stream or its progress is
 * watched. To an attached client both copies are one attempt. When both fail, the error is that of the first. There is no second
 * copy while the throttle of the client is less than half full, while a cooldown is on, or with `hedge: false` in the
 * config of the request.
 *
 * @example
 * ```ts
 * const client = axios.create({ adapter: hedge({ delay: 0.95 }) });
 * await client.get('/search', { hedge: false }); // this one is never sent twice
 * ```
 *
 * @param options when to send a second copy, and of how many requests
 * @param adapter what sends: a name, a function, or an array of these; by default the adapter of axios's own defaults
 * @param runtime where time comes from, for tests
 * @throws TypeError for an unknown option, a value out of range, or what cannot be an adapter
 * @see Dean and Barroso, The Tail at Scale, https://doi.org/10.1145/2408776.2408794
 */
export function hedge(
  options: HedgeOptions = {},
  adapter?: Adapter,
  { clock = systemClock }: RetryRuntime = {},
): HedgingAdapter {
  const limits = readFilled('hedge', RULES, DEFAULTS, options);
  const { monotonic, alarm } = completeClock(clock);
  const send = senderOf(adapter);
  const lanes = new Map<string, Lane>();
  const count = { hedged: 0, won: 0 };

  const laneOf = (origin: string): Lane => {
    const lane = lanes.get(origin) ?? new Lane(limits);
    lanes.delete(origin);
    lanes.set(origin, lane);
    const [oldest = ''] = lanes.keys();
    if (lanes.size > MOST_ORIGINS) lanes.delete(oldest);
    return lane;
  };

  const sendTwice = async (config: Config, lane: Lane, patience: number): Promise<AxiosResponse> => {
    const [first, second, over] = [new AbortController(), new AbortController(), new AbortController()];
    const source = config.signal as CancelSource | undefined;
    const cutOff = (): void => {
      first.abort(source?.reason);
      // The fetch adapter would put the config of this copy on the error that is the reason.
      second.abort();
    };
    const unlink = source ? onAbort(source, cutOff) : nothing;
    config.signal = first.signal;
    try {
      const early = send(config);
      const isLate = await Promise.race([early.then(no, no), alarm(patience, over.signal).then(yes, no)]);
      if (!isLate || sourcesOf(config).some(isCancelled) || !isCalm(config) || !lane.take())
        return await early;
      count.hedged += 1;
      const late = send(copyFor(config, second.signal));
      const winner = await Promise.any([early.then(beats(second)), late.then(beats(first))]).catch(nothing);
      if (winner?.loser === first) count.won += 1;
      else lane.payAgain();
      if (!winner) return await early;
      winner.loser.abort();
      // To all above there was one request.
      return Object.assign(winner.response, { config });
    } finally {
      over.abort();
      unlink();
      putBack(config, first.signal, source);
    }
  };

  const hedging: AxiosAdapter = async (config) => {
    if (!mayBeHedged(config)) return send(config);
    const lane = laneOf(originOf(config));
    const patience = lane.enter();
    const startedAt = monotonic();
    const response = await (patience < Infinity ? sendTwice(config, lane, patience) : send(config));
    lane.latencies.add(monotonic() - startedAt);
    return response;
  };
  return Object.defineProperties(hedging as AxiosAdapter & typeof count, {
    hedged: { get: () => count.hedged },
    won: { get: () => count.won },
  });
}

const nothing = (): void => undefined;
const yes = (): boolean => true;
const no = (): boolean => false;

const beats = (loser: AbortController) => (response: AxiosResponse) => ({ response, loser });

const SAFE = /^(get|head|options|trace)$/i;

function mayBeHedged(config: Config): boolean {
  const { hedge = true, method = 'get', data, responseType, onDownloadProgress, onUploadProgress } = config;
  if (typeof hedge !== 'boolean') throw expected('`hedge` in the config', 'a boolean', hedge);
  const isWatched = onDownloadProgress ?? onUploadProgress;
  const isStreamed = /^(stream|response)$/.test(responseType ?? '');
  return hedge && SAFE.test(method) && (data ?? '') === '' && !isStreamed && !isWatched;
}

/** Puts the signal back that another one stood for, unless a deadline, when it cut the attempt off, has done so before. */
function putBack(config: Config, signal: AbortSignal, source: CancelSource | undefined): void {
  if (config.signal !== signal) return;
  if (source) config.signal = source as GenericAbortSignal;
  else delete config.signal;
}

/** A copy to be sent beside the first. Adapters edit headers, so it has its own. */
function copyFor(config: Config, signal: AbortSignal): Config {
  const { headers } = config;
  const own = headers && Reflect.construct(headers.constructor, [{ ...headers }]);
  return { ...config, headers: own, signal };
}
