// One request, ended at every instant: at each turn of the microtask queue from its start to its end, in virtual time. Whatever the
// instant, it settles once, with the right reason, and nothing is sent afterwards.
import { getEventListeners } from 'node:events';
import axios from 'axios';
import {
  attachRetry,
  hedge,
  limitConcurrency,
  RetryBudget,
  RetryThrottle,
  retryReport,
  retryTransport,
} from '../../dist/esm/index.js';
import { scriptedAdapter } from '../../dist/esm/testing.js';

/** Turns of the microtask queue after which a request counts as one that never settles. */
const MOST_TURNS = 3_000;
/** Turns from one event of virtual time to the next: what follows an event is over by then. */
const TURNS_APART = 30;
/** Every turn, or by default every third: which third differs from one way of ending to the next. */
const STRIDE = Number(process.env.CHAOS_STRIDE ?? 3);
const TOKENS = 500;
const RETRIES = 10;

const later = async (value) => {
  for (let turn = 0; turn < 5; turn += 1) await undefined;
  return value;
};

/** What happens to the request when nobody ends it: the script of the server, the options, what stands around. */
const SCENARIOS = {
  'a success': { script: [200] },
  'two failures, then a success': { script: [503, 'ECONNRESET', 200] },
  'failures to the last': { script: [503, 503, 503] },
  'a hint': { script: [{ status: 429, retryAfter: 2 }, { status: 503, retryAfter: 1 }, 200] },
  'a POST that is refused, then acts': { method: 'post', script: [429, 'ECONNREFUSED', 503] },
  'a POST with a key': { method: 'post', retry: { idempotencyKey: true }, script: ['ECONNRESET', 409, 200] },
  'answers that take time': { script: [later(503), later('ECONNRESET'), later(200)].map((step) => () => step), isSlow: true },
  'asynchronous functions': {
    script: [503, 503, 200],
    retry: { retryIf: () => later(undefined), beforeRetry: () => later(undefined) },
  },
  'asynchronous interceptors': { script: [503, 503, 200], inside: later },
  'deadlines': { script: ['hang', 503, 'hang', 200], retry: { attemptTimeout: 500, totalTimeout: 60_000, maxAttempts: 4 } },
  'a total deadline': { script: [503, 'hang'], retry: { totalTimeout: 3_000 } },
  'a throttle that holds': { script: [503], tokens: 10 },
  'a budget that is empty': { script: [503, 503], budget: 1 },
  'a cooldown that holds': { script: [{ status: 429, retryAfter: 2 }, 200], retry: { cooldown: undefined }, isHeld: true },
  'a limit of one': { script: [503, 503, 200], stack: (send) => limitConcurrency(1, send) },
  'a transport': { script: ['ECONNREFUSED', 'ECONNREFUSED', 503, 200], stack: (send, runtime) => retryTransport({}, send, runtime) },
  'a hedge': { script: ['hang', 'hang', 503, 200], stack: (send, runtime) => hedge({ delay: 50 }, send, runtime), retry: { attemptTimeout: 500, maxAttempts: 4 } },
  'streams': { script: [503, 503, 200], responseType: 'stream' },
  'polling': { script: [200, 200, 200], retry: { retryIf: ({ attemptNumber }) => attemptNumber < 3 } },
}; // biome-ignore format: a table

const ATTACKS = {
  signal: { reason: 'aborted', attack: ({ controller }) => controller.abort() },
  token: { reason: 'aborted', attack: ({ token }) => token.cancel('enough') },
  detach: { reason: 'detached', attack: ({ handle }) => handle.detach() },
  drain: { reason: 'detached', attack: ({ handle }) => handle.drain() },
  'signal, then detach': {
    reason: 'aborted',
    attack: ({ controller, handle }) => {
      controller.abort();
      handle.detach();
    },
  },
  'drain, then signal': {
    // The first that comes counts.
    reason: 'detached',
    attack: ({ controller, handle }) => {
      handle.drain();
      controller.abort();
    },
  },
};

/** Virtual time that goes to the next sleep or alarm when it is told to. */
function createTime() {
  let time = 0;
  const waiters = [];
  const wait = (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const waiter = { due: time + ms, end: resolve };
      waiters.push(waiter);
      waiters.sort((a, b) => a.due - b.due);
      const stop = () => {
        waiters.splice(waiters.indexOf(waiter), 1);
        reject(signal.reason);
      };
      signal?.addEventListener('abort', stop, { once: true });
      waiter.end = () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
    });
  return {
    clock: { now: () => time, monotonic: () => time, sleep: wait, alarm: wait },
    next() {
      const waiter = waiters.shift();
      if (!waiter) return;
      time = waiter.due;
      waiter.end();
    },
    get waiting() {
      return waiters.length;
    },
  };
}

const hang = () => new Promise(() => undefined);

/** Sends the request of a scenario, and attacks at the given turn; answers what came of it. */
async function play(scenario, attack, at) {
  const {
    script,
    method = 'get',
    retry = {},
    stack = (send) => send,
    inside,
    tokens,
    budget = RETRIES,
    isHeld,
  } = scenario;
  const time = createTime();
  const { clock } = time;
  const runtime = { clock, random: () => 0.5 };
  const steps = script.map((step) => (step === 'hang' ? hang : step));
  // A second copy of a hedge, or a try of a transport, takes a step as well: what is beyond the script fails.
  const scripted = scriptedAdapter([...steps, ...Array.from({ length: 8 }, () => 503)]);
  const seen = { calls: 0, callsAtAttack: undefined, outcomes: 0, endings: 0, turns: 0 };
  const counted = (config) => {
    seen.calls += 1;
    return scripted(config);
  };
  const client = axios.create({ adapter: stack(counted, runtime) });
  if (inside) {
    client.interceptors.request.use(inside);
    client.interceptors.response.use(inside, async (error) => {
      await inside();
      throw error;
    });
  }
  const throttle = new RetryThrottle({ capacity: TOKENS });
  if (tokens !== undefined)
    while (throttle.tokens('http://x', 0) > tokens) throttle.take('http://x', false, 0);
  const tokensBefore = throttle.tokens('http://x', 0);
  const allowance = new RetryBudget({ maxRetries: budget, maxWait: 100_000 });
  const handle = attachRetry(
    client,
    { throttle, cooldown: { hold: Boolean(isHeld) }, observe: { onGiveUp: () => (seen.endings += 1) } },
    runtime,
  );
  const outcome = () => {
    seen.outcomes += 1;
  };
  client.interceptors.response.use(
    (response) => {
      outcome();
      return response;
    },
    (error) => {
      outcome();
      throw error;
    },
  );
  const controller = new AbortController();
  const token = axios.CancelToken.source();
  if (isHeld) await client.get('http://x/first', { retry: false }).catch(() => undefined);
  [seen.calls, seen.outcomes] = [0, 0];
  const { responseType } = scenario;
  let result;
  client
    .request({
      url: 'http://x/',
      method,
      responseType,
      data: method === 'post' ? { a: 1 } : undefined,
      signal: controller.signal,
      cancelToken: token.token,
      retry: { budget: allowance, ...retry },
    })
    .then(
      (value) => (result = { ok: true, value }),
      (value) => (result = { ok: false, value }),
    );
  for (let turn = 0; !result && turn < MOST_TURNS; turn += 1) {
    if (turn === at) {
      seen.callsAtAttack = seen.calls;
      attack({ controller, token, handle });
    }
    if (turn % TURNS_APART === TURNS_APART - 1) time.next();
    await undefined;
    seen.turns = turn;
  }
  // What is still to come, comes now.
  for (let turn = 0; turn < 2 * TURNS_APART; turn += 1) await undefined;
  const pending = time.waiting;
  for (let turn = 0; turn < 5 * TURNS_APART && time.waiting > 0; turn += 1) {
    time.next();
    await undefined;
  }
  const left = { listeners: getEventListeners(controller.signal, 'abort').length, pending };
  const spent = {
    retries: budget - allowance.remainingRetries,
    tokens: tokensBefore - throttle.tokens('http://x', 0),
  };
  return { result, seen, left, spent, report: retryReport(result?.value) };
}

/** What is wrong with the end of a request that was attacked. */
function problemOf({ result, seen, left, report }, { reason }, natural, name, how) {
  if (!result) return 'has not settled';
  const { calls, callsAtAttack, outcomes, endings } = seen;
  const wasAttacked = callsAtAttack !== undefined;
  if (outcomes !== 1) return `the outside saw ${outcomes} outcomes`;
  if (endings > 1) return `was given up ${endings} times`;
  if (left.listeners > 0) return `left ${left.listeners} listeners`;
  if (left.pending > 0) return `left ${left.pending} sleeps`;
  // A first attempt that was captured is sent after `drain()`; a transport and a hedge know nothing of it.
  const most = reason === 'aborted' ? 0 : callsAtAttack === 0 || /transport|hedge/.test(name) ? 2 : 0;
  if (wasAttacked && calls - callsAtAttack > most) return `sent ${calls - callsAtAttack} more`;
  if (!wasAttacked) return undefined;
  const isNatural =
    result.ok === natural.ok && (report?.reason === natural.reason || seen.turns >= natural.turns);
  if (report?.reason === reason || (/, then/.test(how) && report?.reason === 'aborted')) return undefined;
  if (!isNatural && !(reason === 'aborted' && axios.isCancel(result.value)))
    return `ended ${result.ok ? 'well' : result.value} for ${report?.reason}`;
  return undefined;
}

/** Ends every scenario in every way at every turn. */
export async function attackInstants({ complain }) {
  let [games, ends] = [0, 0];
  const startedAt = performance.now();
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const { result, seen, report } = await play(scenario, () => undefined, -1);
    const natural = { ok: result?.ok, reason: report?.reason, turns: seen.turns };
    if (!result) complain(`instants: ${name} has not settled by itself`);
    for (const [how, attack] of Object.entries(ATTACKS)) {
      const wrongs = new Map();
      for (let at = ends % STRIDE; at <= natural.turns + 1; at += STRIDE) {
        const game = await play(scenario, attack.attack, at);
        const problem = problemOf(game, attack, natural, name, how);
        if (problem) wrongs.set(problem, [...(wrongs.get(problem) ?? []), at]);
        games += 1;
      }
      ends += 1;
      for (const [problem, turns] of wrongs)
        complain(
          `instants: ${name}, ${how} at turn ${turns.slice(0, 5)}${turns.length > 5 ? ` and ${turns.length - 5} others` : ''} of ${natural.turns}: ${problem}`,
        );
    }
  }
  console.log(
    `instants: ${Object.keys(SCENARIOS).length} scenarios, ${ends} ways to end them, ${games} instants in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`,
  );
}
