// What must hold on React Native's engine, over the fetch adapter. Bundled, put through React Native's own Babel preset, and run by
// the bare engine; prints a line for each failure, and the tally.
import axios from 'axios';
import * as api from 'axios-tenacity';

const say = globalThis.print;
const fast = { baseDelay: 5, jitter: 'none' };
let count = 0;

function check(condition, what) {
  if (!condition) throw new Error(what);
}

function is(actual, expected, what) {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  check(a === b, `${what}: expected ${b}, got ${a}`);
}

function stage(steps, options) {
  count += 1;
  const id = `case${count}`;
  const client = axios.create({ adapter: 'fetch', baseURL: 'https://api.example.test' });
  const handle = api.attachRetry(client, { ...fast, ...options });
  return { client, handle, path: `/${id}/${steps}`, sends: () => globalThis.sent[id] ?? [] };
}

const caught = (promise) =>
  promise.then(
    ({ status }) => {
      throw new Error(`expected a rejection, got ${status}`);
    },
    (error) => error,
  );

const cases = {
  'the engine lacks what it should lack'() {
    is(typeof globalThis.crypto, 'undefined', 'crypto');
    is(typeof Array.prototype.at, 'undefined', 'Array.prototype.at');
  },

  async 'a GET recovers'() {
    const { client, path } = stage('503-reset-200');
    const response = await client.get(path);
    is(response.data, { attempt: 3 }, 'data');
    is(api.retryReport(response).attempts.length, 3, 'attempts');
  },

  async 'a GET gives up with the error of axios'() {
    const { client, path, sends } = stage('503');
    const error = await caught(client.get(path));
    is([error.isAxiosError, error.response.status], [true, 503], 'error');
    is([api.retryReport(error).reason, sends().length], ['max-attempts', 3], 'outcome');
  },

  async 'a POST is sent once when the connection is reset'() {
    const { client, path, sends } = stage('reset-200');
    const error = await caught(client.post(path, { amount: 5 }));
    is([api.retryReport(error).reason, sends().length], ['unsafe-method', 1], 'outcome');
  },

  async 'a POST with an idempotency key is sent again, the same, without crypto'() {
    const { client, path, sends } = stage('reset-503-200', { idempotencyKey: true });
    await client.post(path, { amount: 5 });
    const keys = sends().map(({ headers }) => headers['Idempotency-Key']);
    is([keys.length, new Set(keys).size], [3, 1], 'keys');
    check(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(keys[0]), `key ${keys[0]}`);
    is(new Set(sends().map(({ body }) => body)).size, 1, 'bodies');
  },

  async 'a hint of the server is waited for'() {
    const { client, path } = stage('hint-200');
    const before = Date.now();
    const response = await client.get(path);
    check(Date.now() - before >= 29, 'too early');
    check(api.retryReport(response).attempts[0].delay >= 30, 'delay');
  },

  async 'an abort during the wait ends the request at once'() {
    const controller = new AbortController();
    const observe = { onRetry: () => setTimeout(() => controller.abort(), 5) };
    const { client, path, sends } = stage('503-200', { baseDelay: 60_000, observe });
    const error = await caught(client.get(path, { signal: controller.signal }));
    is([axios.isCancel(error), api.retryReport(error).reason], [true, 'aborted'], 'outcome');
    is(sends().length, 1, 'sends');
  },

  async 'drain() and detach() settle what waits'() {
    for (const end of ['drain', 'detach']) {
      const { client, path, handle } = stage('503-200', {
        baseDelay: 60_000,
        observe: { onRetry: () => setTimeout(() => handle[end](), 5) },
      });
      const error = await caught(client.get(path));
      is([error.response.status, api.retryReport(error).reason], [503, 'detached'], end);
    }
  },

  async 'attemptTimeout and totalTimeout end what stalls'() {
    const one = stage('stall-200', { attemptTimeout: 30 });
    is((await one.client.get(one.path)).data, { attempt: 2 }, 'data');
    const all = stage('stall', { totalTimeout: 30 });
    const error = await caught(all.client.get(all.path));
    is([error.code, api.retryReport(error).reason], ['ETIMEDOUT', 'total-timeout'], 'outcome');
  },

  async 'each origin has a throttle and a pause of its own'() {
    const bad = stage('503', { maxAttempts: 30, throttle: { capacity: 28 } });
    const error = await caught(bad.client.get(bad.path));
    is(api.retryReport(error).reason, 'throttled', 'reason');
    count += 1;
    const response = await bad.client.get(`https://other.example.test/case${count}/503-200`);
    is(response.status, 200, 'status of the other origin');
  },

  async 'a mistake is told'() {
    const { client, path, sends } = stage('200');
    for (const [retry, said] of [
      [{ maxAttempts: 0 }, '`maxAttempts` to be an integer'],
      [{ maxAttempt: 2 }, 'maxAttempts'],
    ]) {
      const error = await caught(client.get(path, { retry }));
      check(error instanceof TypeError && error.message.includes(said), String(error));
    }
    is(sends().length, 0, 'sends');
  },

  async 'batch, limitConcurrency, retryTransport and hedge work'() {
    const { path } = stage('503-503-503-503-200');
    const client = axios.create({ baseURL: 'https://batch.example.test' });
    const adapter = api.hedge({ delay: 1_000 }, api.limitConcurrency(1, api.retryTransport({}, 'fetch')));
    const items = ['a', 'b'];
    const { fulfilled, rejected } = await api.batch(
      items,
      (item) => client.get(path.replace('/case', `/${item}`), { adapter }),
      { maxRounds: 6, wait: api.waitFixed(1) },
    );
    is([[...fulfilled.keys()], rejected.size], [items, 0], 'outcome');
  },

  'explainPolicy and logRetries speak'() {
    check(String(api.explainPolicy({ maxAttempts: 5 })).includes('5'), 'explainPolicy');
    check(typeof api.logRetries(console).onRetry === 'function', 'logRetries');
  },
};

const tally = { passed: 0, failed: 0 };

async function runAll() {
  for (const name of Object.keys(cases)) {
    let timer;
    const late = new Promise((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('Not done in 20 s')), 20_000);
    });
    try {
      await Promise.race([Promise.resolve().then(() => cases[name]()), late]);
      tally.passed += 1;
    } catch (error) {
      tally.failed += 1;
      say(`not ok: ${name}\n${error?.stack ?? error}`);
    } finally {
      clearTimeout(timer);
    }
  }
  say(`${tally.passed} passed, ${tally.failed} failed`);
}

void runAll();
