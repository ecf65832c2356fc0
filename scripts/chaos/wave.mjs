// One wave: a client, some dozens of requests at once, and what must hold of every one of them.
import { getEventListeners } from 'node:events';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import axios, { getAdapter } from 'axios';
import {
  attachRetry,
  attemptOf,
  batch,
  Cooldown,
  hedge,
  limitConcurrency,
  RetryBudget,
  retryReport,
  retryTransport,
} from '../../dist/esm/index.js';
import { cert } from './certificate.mjs';
import { bodyOf, planRequest, planWave } from './plan.mjs';

const REQUESTS = 40;
const AT_ONCE = 16;
const BATCHED = 12;
/** What a deadline or an abort may be late by, beside what the thread was busy: the graces of a late deadline are half a second. */
const SLACK = 1_200;
/** Ticks of `Loop` after which a promise counts as one that never settles: 20 s, and more when the machine is busy. */
const PATIENCE = 200;
const TICK = 100;

/** What stands for the answer of a promise that does not settle. */
export const NEVER = Symbol('never');

/** How the thread fares: its ticks are fewer than the time that passes when it is blocked, or the machine is busy. */
export class Loop {
  ticks = 0;
  /** Milliseconds by which the ticks were late, in all. */
  late = 0;
  #timer;
  #last = performance.now();
  #watched = new Set();

  constructor() {
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  #tick() {
    const now = performance.now();
    this.ticks += 1;
    this.late += Math.max(0, now - this.#last - TICK);
    this.#last = now;
    for (const watch of this.#watched) if (this.ticks > watch.until) watch.overdue();
  }

  /** Milliseconds of lateness up to this moment, a tick that is overdue included. */
  get lateNow() {
    return this.late + Math.max(0, performance.now() - this.#last - TICK);
  }

  watch(overdue) {
    const watch = { until: this.ticks + PATIENCE };
    watch.overdue = () => {
      this.#watched.delete(watch);
      overdue();
    };
    this.#watched.add(watch);
    return () => this.#watched.delete(watch);
  }

  /** What a promise answers, or `NEVER` when it does not settle. */
  async patiently(promise) {
    let unwatch;
    const never = new Promise((resolve) => {
      unwatch = this.watch(() => resolve(NEVER));
    });
    return Promise.race([promise, never]).finally(unwatch);
  }

  stop() {
    clearInterval(this.#timer);
  }
}

/** A request under way, and what was seen of it. It goes with the config by reference, being an instance of a class. */
class Trial {
  /** Attempts that came to the adapter, and what was sent below it: the adapters of the package send more, or nothing. */
  attempts = [];
  sends = 0;
  /** What the adapters of axios threw, with the properties that it had. */
  errors = new Map();
  retries = 0;
  endings = 0;
  resent = 0;
  settledAt = undefined;

  constructor(plan) {
    this.plan = plan;
  }

  toJSON() {
    return undefined;
  }
}

const AXIOS_KEYS = new Set(
  ['message', 'name', 'isAxiosError', 'code', 'config', 'request', 'response', 'status', 'stack', 'cause', '__CANCEL__', 'event'],
); // biome-ignore format: a table

/** The response that a value is, or that an error or its cause has. */
const responseOf = (value) =>
  value?.config && 'data' in value ? value : (value?.response ?? value?.cause?.response);

/** The names of all properties, those of symbols included. */
const keysOf = (error) => Reflect.ownKeys(error).map(String).join();

/** How one client fares through one wave. */
export class Wave {
  tally = { requests: 0, fulfilled: 0, rejected: 0, attempts: 0, sends: 0, batched: 0 };
  reasons = {};
  /** Responses that have no body for a stream: over fetch axios 1.21 itself leaves a listener on their signal. */
  bodiless = 0;
  /** Streams of fetch that were given up in the middle of a read: under a signal axios 1.21 itself keeps their connection. */
  kept = 0;
  #trials = new Map();
  /** The signals of requests that have settled. */
  #signals = new Map();
  #outside = 0;
  #endedAt = undefined;

  constructor({ chance, wave, ports, loop, complain }) {
    Object.assign(this, { chance, ports, loop });
    this.plan = planWave(chance, wave);
    this.complain = (id, problem, more) =>
      complain(
        `${id}: ${problem}${more ? ` ${more}` : ''}\n  ${JSON.stringify(this.#trials.get(id)?.plan)}\n  ${JSON.stringify(this.plan)}`,
      );
    this.shared = new AbortController();
    this.sharedToken = axios.CancelToken.source();
    this.sharedBudget = new RetryBudget({ maxRetries: 40, maxWait: 20_000 });
    this.client = this.#createClient();
  }

  #adapter() {
    const send = async (config) => {
      const { trial } = config;
      trial.sends += 1;
      if (trial.settledAt) this.complain(trial.plan.id, 'was sent after its promise had settled');
      try {
        return await getAdapter(trial.plan.adapter, config)(config);
      } catch (error) {
        if (typeof error === 'object') trial.errors.set(error, keysOf(error));
        throw error;
      }
    };
    const quick = { delay: 40, ratio: 1 };
    const stacks = {
      bare: () => send,
      limited: () => limitConcurrency(12, send),
      'limited, no line': () => limitConcurrency(12, send, { maxPending: 0 }),
      transport: () => retryTransport({ baseDelay: 3, maxDelay: 10 }, send),
      hedged: () => hedge(quick, send),
      all: () => limitConcurrency(20, hedge(quick, retryTransport({ baseDelay: 3 }, send))),
    };
    this.stack = stacks[this.plan.adapters]();
    return async (config) => {
      const { trial } = config;
      const number = attemptOf(config) ?? 1;
      trial.attempts.push(number);
      if (trial.settledAt) this.complain(trial.plan.id, 'has an attempt after its promise had settled');
      if (this.#endedAt && number > 1 && trial.resent === 0)
        this.complain(trial.plan.id, `has attempt ${number} after ${this.plan.end}`);
      return this.stack(config);
    };
  }

  #createClient() {
    const { throttle, cooldown, isKeptAlive } = this.plan;
    this.agents = [
      new HttpAgent({ keepAlive: isKeptAlive }),
      new HttpsAgent({ keepAlive: isKeptAlive, ca: cert }),
    ];
    const [httpAgent, httpsAgent] = this.agents;
    const client = axios.create({ adapter: this.#adapter(), httpAgent, httpsAgent, proxy: false });
    const cooldowns = {
      pace: {},
      none: false,
      hold: { hold: true },
      'hold two': { hold: true, maxHeld: 2 },
    };
    this.cooldown = cooldowns[cooldown] && new Cooldown(cooldowns[cooldown]);
    client.interceptors.request.use((config) => this.#insideRequest(config));
    client.interceptors.response.use(
      (response) => this.#insideResponse(response),
      (error) => this.#insideError(client, error),
    );
    this.handle = attachRetry(client, {
      baseDelay: 2,
      maxDelay: 30,
      maxElapsedTime: 6_000,
      throttle,
      cooldown: this.cooldown,
      observe: {
        onRetry: ({ config }) => {
          config.trial.retries += 1;
        },
        onGiveUp: ({ config }) => {
          config.trial.endings += 1;
          throw new Error('observers are told and never asked');
        },
        onAttempt: async () => {
          throw new Error('nor are these');
        },
      },
    });
    client.interceptors.request.use((config) => {
      this.#outside += 1;
      return config;
    });
    client.interceptors.response.use(
      (response) => this.#outsideResponse(response),
      (error) => this.#outsideError(client, error),
    );
    return client;
  }

  async #insideRequest(config) {
    const { inside, id } = config.trial.plan;
    const isLate = (attemptOf(config) ?? 1) > 1;
    if (inside === 'slow') await sleep(this.chance(id, 'slow') * 10);
    if (inside === 'throws' || (inside === 'throws late' && isLate)) throw new Error('inside');
    if (inside === 'hangs' && isLate) await new Promise(() => undefined);
    return config;
  }

  async #insideResponse(response) {
    const { inside } = response.config.trial.plan;
    if (inside === 'slow') await sleep(2);
    return response;
  }

  async #insideError(client, error) {
    const { trial } = error.config ?? {};
    if (!trial) throw error;
    const { inside } = trial.plan;
    if (inside === 'hangs late' && (attemptOf(error.config) ?? 1) > 1) {
      await this.#read(error.response?.data);
      await new Promise(() => undefined);
    }
    if (inside === 'wraps') throw new Error('wrapped', { cause: error });
    if (inside === 'resends') return this.#resend(client, trial, error);
    throw error;
  }

  #outsideResponse(response) {
    this.#outside -= 1;
    if (response.config.trial.plan.outside === 'throws') throw new Error('outside');
    return response;
  }

  #outsideError(client, error) {
    this.#outside -= 1;
    const { trial } = error?.config ?? {};
    if (trial?.plan.outside === 'resends') return this.#resend(client, trial, error);
    throw error;
  }

  /** As a token refresher does. */
  #resend(client, trial, error) {
    if (error.response?.status !== 401 || trial.resent > 0) throw error;
    trial.resent += 1;
    return client.request(error.config);
  }

  #configOf(plan, trial) {
    const { id, ending, port, key, limit } = plan;
    const { data, maker } = bodyOf(plan);
    const own = new AbortController();
    const ownToken = axios.CancelToken.source();
    const port_ = port === 'dead' ? 1 : this.ports[port];
    const sources = {
      none: {},
      signal: { signal: own.signal },
      token: { cancelToken: ownToken.token },
      shared: { signal: this.shared.signal },
      'shared token': { cancelToken: this.sharedToken.token },
    };
    const config = {
      url: `${port === 'shaky' ? 'https' : 'http'}://127.0.0.1:${port_}/${id}`,
      method: plan.method,
      trial,
      data,
      responseType: plan.responseType,
      timeout: plan.timeout ?? (plan.isPlain ? 400 : undefined),
      maxRedirects: plan.maxRedirects,
      maxContentLength: plan.maxContentLength,
      // Also `undefined` would take any status for a success.
      ...(plan.isAnyStatus && { validateStatus: null }),
      headers: key === 'own' ? { 'Idempotency-Key': `own ${id}` } : undefined,
      ...sources[ending],
      retry: !plan.isPlain && {
        maxAttempts: plan.maxAttempts,
        attemptTimeout: plan.attemptTimeout,
        totalTimeout: plan.totalTimeout,
        idempotencyKey: key === 'made' ? true : undefined,
        data: maker,
        retryIf: this.#retryIf(plan),
        beforeRetry: this.#beforeRetry(plan),
        budget: {
          none: undefined,
          own: new RetryBudget({ maxRetries: 2, maxWait: 300 }),
          shared: this.sharedBudget,
        }[plan.budget],
        throttle: plan.throttle,
        cooldown: plan.cooldown,
        retryAfter: { max: 300, whenLonger: plan.whenLonger },
      },
    };
    const abort = () => {
      own.abort();
      ownToken.cancel('enough');
    };
    const isOwn = ending === 'signal' || ending === 'token';
    return { config, abort: isOwn && plan.isEnded ? abort : undefined, own, limit };
  }

  #retryIf({ retryIf }) {
    const functions = {
      refused: ({ status }) => (status === 403 ? 'refused' : undefined),
      async: async () => void (await sleep(1)),
      throws: () => {
        throw new Error('retryIf');
      },
      garbage: () => 'perhaps',
      hangs: () => new Promise(() => undefined),
    };
    return functions[retryIf];
  }

  #beforeRetry({ beforeRetry }) {
    const functions = {
      edits: (config) => config.headers.set('X-Edited', 'yes'),
      copies: (config) => ({ ...config }),
      async: async () => void (await sleep(2)),
      throws: () => {
        throw new Error('beforeRetry');
      },
      hangs: () => new Promise(() => undefined),
    };
    const edit = functions[beforeRetry];
    return beforeRetry === 'edits' ? (config) => void edit(config) : edit;
  }

  async run() {
    const timers = [];
    const { isBlocked, end, endAfter, hasBatch, wave } = this.plan;
    if (end !== 'none') timers.push(setTimeout(() => this.#end(end), endAfter));
    if (isBlocked) this.#blockNowAndThen(timers);
    let next = 0;
    const work = async () => {
      while (next < REQUESTS && !(this.#endedAt && end === 'detach')) {
        next += 1;
        await this.#send(planRequest(this.chance, `w${wave}-${next}`));
      }
    };
    await Promise.all([...Array.from({ length: AT_ONCE }, work), hasBatch && this.#sendBatch()]);
    for (const timer of timers) clearTimeout(timer);
    // A stream that is given up says so a little later.
    for (let tries = 0; tries < 40 && (tries === 0 || this.stack.active > 0); tries += 1) await sleep(50);
    this.#checkTheWhole();
    this.handle.detach();
    for (const agent of this.agents) agent.destroy();
  }

  #end(how) {
    if (how === 'abort') {
      this.shared.abort(new Error('the end'));
      this.sharedToken.cancel('the end');
      return;
    }
    this.#endedAt = performance.now();
    this.handle[how]();
  }

  #blockNowAndThen(timers) {
    const { wave } = this.plan;
    let count = 0;
    const block = () => {
      count += 1;
      const until = performance.now() + 50 + this.chance('block', wave, count) * 350;
      while (performance.now() < until);
      timers.push(setTimeout(block, 100 + this.chance('gap', wave, count) * 700));
    };
    timers.push(setTimeout(block, 30));
  }

  async #send(plan) {
    const trial = new Trial(plan);
    this.#trials.set(plan.id, trial);
    const { config, abort, own } = this.#configOf(plan, trial);
    const startedAt = performance.now();
    const lateBefore = this.loop.lateNow;
    let abortedAt;
    const timer = setTimeout(() => {
      if (trial.settledAt || !abort) return;
      abortedAt = performance.now();
      abort();
    }, plan.endAfter);
    this.tally.requests += 1;
    let ok = true;
    let value;
    try {
      value = await this.loop.patiently(this.client.request(config));
    } catch (error) {
      ok = false;
      value = error;
    }
    if (value === NEVER) {
      clearTimeout(timer);
      this.complain(plan.id, 'has not settled', JSON.stringify({ attempts: trial.attempts }));
      return;
    }
    trial.settledAt = performance.now();
    if (ok && plan.ending === 'shared' && plan.responseType === 'stream' && !value.data) this.bodiless += 1;
    if (!(ok && plan.responseType === 'stream')) clearTimeout(timer);
    this.tally[ok ? 'fulfilled' : 'rejected'] += 1;
    this.tally.attempts += trial.attempts.length;
    this.tally.sends += trial.sends;
    const late = this.loop.lateNow - lateBefore;
    this.#checkTime(trial, { startedAt, abortedAt, late });
    this.#checkReport(trial, ok, value);
    if (!ok) this.#checkError(trial, value);
    const isAborted = abortedAt !== undefined || this.shared.signal.aborted;
    if (!ok && !isAborted && axios.isCancel(value))
      this.complain(plan.id, 'was cancelled by nobody', value.stack);
    if (plan.responseType === 'stream') await this.#read(responseOf(value)?.data);
    clearTimeout(timer);
    if (!(ok && plan.responseType === 'stream')) this.#signals.set(plan.id, own.signal);
  }

  /** Reads a stream to its end, or gives it up: what fails after the response was handed out is the business of its reader. */
  async #read(data) {
    if (!data?.getReader && !data?.destroy) return;
    const reader = data.getReader?.();
    const timer = setTimeout(() => {
      if (!reader) return void data.destroy();
      this.kept += 1;
      reader.cancel().catch(() => undefined);
    }, 400);
    try {
      if (reader) while (!(await reader.read()).done);
      else for await (const _ of data);
    } catch {}
    clearTimeout(timer);
  }

  #checkTime({ plan, settledAt, resent }, { startedAt, abortedAt, late }) {
    const took = settledAt - startedAt;
    if (plan.totalTimeout && !plan.isPlain && resent === 0 && took > plan.totalTimeout + SLACK + 2 * late)
      this.complain(plan.id, `took ${took.toFixed(0)} ms, the thread was late by ${late.toFixed(0)}`);
    if (abortedAt && settledAt - abortedAt > SLACK + 2 * late)
      this.complain(plan.id, `settled ${(settledAt - abortedAt).toFixed(0)} ms after its abort`);
  }

  #checkReport({ plan, attempts, resent, endings }, ok, value) {
    const report = retryReport(value);
    const { id, inside, outside, isPlain } = plan;
    if (isPlain) {
      if (report && resent === 0) this.complain(id, 'has a report without a retry');
      if (attempts.length > 1 + resent) this.complain(id, 'was retried with `retry: false`');
      return;
    }
    if (!report) {
      // A token that cancels before the first attempt comes to the adapter throws an error that tells nothing of its request.
      if (/token/.test(plan.ending) && axios.isCancel(value) && attempts.length === 0) return;
      // The error of a function that judged a success has no failure as its cause that could lead to the report.
      if (
        !/throws|garbage/.test(plan.retryIf) &&
        inside !== 'throws' &&
        inside !== 'throws late' &&
        !/throws/.test(outside) &&
        resent === 0
      )
        this.complain(id, 'has no report', value?.stack ?? String(value));
      return;
    }
    const { reason, elapsed, totalDelay, omitted } = report;
    const number = report.attempts.length + omitted;
    this.reasons[reason] = (this.reasons[reason] ?? 0) + 1;
    if (ok && reason !== undefined && !plan.isAnyStatus && !plan.retryIf)
      this.complain(id, `succeeded with ${reason}`);
    if (!ok && reason === undefined && outside !== 'throws')
      this.complain(id, 'failed without a reason', value?.stack);
    if (endings > 1 + resent) this.complain(id, `was given up ${endings} times`);
    if (number > plan.maxAttempts) this.complain(id, `has ${number} attempts of ${plan.maxAttempts}`);
    if (!(totalDelay <= elapsed + 1)) this.complain(id, `waited ${totalDelay} of ${elapsed} ms`);
    if (report.attempts.some(({ duration }) => !(duration >= 0)))
      this.complain(id, 'has an attempt of no duration');
    // Requests that a token cancels share its error, so what is reported of it may be another one's.
    const isShared = plan.ending === 'shared token' && reason === 'aborted';
    const isCounted = resent === 0 && !isShared && !/throws|hangs/.test(inside);
    const surplus = number - attempts.length;
    // An attempt that is cancelled, or whose time is up, before it comes to the adapter counts; it was not sent.
    const unsent = report.attempts.filter(({ code }) => /^(ETIMEDOUT|ERR_CANCELED)$/.test(code)).length;
    const most = unsent + Number(reason === 'aborted');
    // One that waited in line and never had its turn was not sent, and as the first it does not count.
    const least = /limited|all/.test(this.plan.adapters) ? -1 : 0;
    if (isCounted && !(surplus >= least && surplus <= most))
      this.complain(id, `reports ${number} attempts of ${attempts.length}`, JSON.stringify(report));
  }

  #checkError({ plan, errors }, error) {
    const { id } = plan;
    const before = errors.get(error);
    // Requests under one token share its error, and axios's fetch adapter writes to it what belongs to its own.
    const own =
      plan.ending === 'shared token' ? keysOf(error).replace(/,config|,request/g, '') : keysOf(error);
    if (before !== undefined && before !== keysOf(error) && before !== own)
      this.complain(id, `the error of axios was edited: ${before} → ${keysOf(error)}`);
    if (
      before !== undefined &&
      this.plan.adapters === 'bare' &&
      [...errors.keys()].at(-1) !== error &&
      plan.retryIf === 'none' &&
      // The error of the last attempt stays in the interceptor that hangs.
      plan.inside !== 'hangs late'
    )
      this.complain(id, 'failed with the error of an attempt that was not the last');
    if (!axios.isAxiosError(error)) return;
    const more = Object.keys(error).filter(
      (key) => !AXIOS_KEYS.has(key) && !(key === 'hint' && error.code === 'ERR_COOLING_DOWN'),
    );
    if (more.length > 0) this.complain(id, `the error has ${more}`);
    if (JSON.stringify({ state: error.config?.retryState }) !== '{}')
      this.complain(id, 'the error shows the state in JSON');
  }

  async #sendBatch() {
    const ids = Array.from({ length: BATCHED }, (_, n) => `b${this.plan.wave}-${n}`);
    const isOwn = this.chance('batch', this.plan.wave) < 0.5;
    const send = (id) => {
      const plan = {
        id,
        isUnsafe: true,
        key: 'none',
        adapter: this.chance(id) < 0.5 ? 'http' : 'fetch',
        inside: 'none',
        outside: 'none',
      };
      const trial = this.#trials.get(id) ?? new Trial(plan);
      this.#trials.set(id, trial);
      return this.client.post(
        `http://127.0.0.1:${this.ports.plain}/${id}`,
        { id },
        { trial, timeout: 300, retry: isOwn ? false : undefined },
      );
    };
    const options = { concurrency: 4, wait: () => 5, signal: this.shared.signal };
    const result = await this.loop.patiently(batch(ids, send, options));
    this.tally.batched += ids.length;
    if (result === NEVER) return this.complain(`batch of w${this.plan.wave}`, 'has not settled');
    const { fulfilled, rejected } = result;
    const lost = ids.filter((id) => Number(fulfilled.has(id)) + Number(rejected.has(id)) !== 1);
    if (lost.length > 0) this.complain(`batch of w${this.plan.wave}`, `has no end for ${lost}`);
  }

  #checkTheWhole() {
    const name = `w${this.plan.wave}`;
    if (this.#outside !== 0)
      this.complain(name, `the outside saw ${this.#outside} more requests than outcomes`);
    if (this.cooldown && this.cooldown.toJSON().held !== 0) this.complain(name, 'somebody is still held');
    const { active = 0, pending = 0 } = this.stack;
    if (active + pending > 0) this.complain(name, `${active} active, ${pending} pending in the limiter`);
    for (const [id, signal] of this.#signals)
      if (getEventListeners(signal, 'abort').length > 0) this.complain(id, 'left a listener on its signal');
    const listeners = getEventListeners(this.shared.signal, 'abort').length;
    if (listeners > this.bodiless) this.complain(name, `${listeners} listeners on the shared signal`);
    const subscribed = this.sharedToken.token._listeners?.length ?? 0;
    if (subscribed > 0 && !this.sharedToken.token.reason)
      this.complain(name, `${subscribed} listeners on the shared token`);
  }

  /** What the server saw. */
  checkLedger(ledger) {
    for (const [id, sent] of ledger) {
      const trial = this.#trials.get(id);
      if (!trial) continue;
      const { plan, sends, resent } = trial;
      const own = sent.filter(({ hop }) => !hop);
      const shown = () =>
        JSON.stringify(sent.map(({ fault, hasActed, hop, method }) => ({ fault, hasActed, hop, method })));
      // Over fetch nothing tells that a refusal comes from the target of a redirect.
      const isHidden = (fault) =>
        plan.adapter === 'fetch' && fault === 'a redirect, and the target refuses' && plan.maxRedirects !== 0;
      // The hops of a redirect belong to the sending that they follow: axios makes them.
      const acted = new Set();
      let sending = 0;
      for (const { hop, hasActed, method, fault } of sent) {
        if (!hop) sending += 1;
        if (hasActed && /POST|PATCH/.test(method) && !isHidden(fault)) acted.add(sending);
      }
      if (plan.isUnsafe && plan.key === 'none' && acted.size > 1)
        this.complain(id, `without a key was processed ${acted.size} times`, shown());
      const keys = new Set(sent.filter(({ method }) => /POST|PATCH/.test(method)).map(({ key }) => key));
      const isKeyed = plan.key === 'own' || (plan.key === 'made' && !plan.isPlain);
      if (isKeyed && (keys.size > 1 || keys.has(undefined)))
        this.complain(id, `came under the keys ${[...keys]}`, shown());
      // The fetch standard has a request repeated after a 421.
      const repeated = plan.adapter === 'fetch' ? own.filter(({ fault }) => fault === '421').length : 0;
      if (own.length > sends + repeated)
        this.complain(id, `came ${own.length} times and was sent ${sends} times`, shown());
      if (resent === 0) this.#checkSameness(id, own, plan);
    }
  }

  #checkSameness(id, own) {
    const [first, ...others] = own;
    const whole = own.find(({ isWhole }) => isWhole) ?? first;
    for (const { headers, body, isWhole, length } of others) {
      if (String(headers) !== String(first.headers))
        this.complain(id, 'came with other headers', `${first.headers}\n → ${headers}`);
      if (isWhole ? body !== whole.body || length !== whole.length : !whole.body.startsWith(body))
        this.complain(
          id,
          'came with another body',
          JSON.stringify([whole.body.slice(0, 200), body.slice(0, 200)]),
        );
    }
  }
}
