// What must hold in a browser: the same cases in a page and in a worker, on the XHR and on the fetch adapter.
import axios from 'axios';
import { attachRetry, RetryBudget, retryReport, wasRetried } from 'axios-tenacity';

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

const reset = { act: 'reset' };
const stall = { act: 'stall' };
const truncate = { act: 'truncate' };
const hidden = { status: 200, isHidden: true };

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const show = (value) => JSON.stringify(value) ?? String(value);

function is(actual, expected, what) {
  if (show(actual) !== show(expected))
    throw new Error(`${what}: expected ${show(expected)}, got ${show(actual)}`);
}

function holds(condition, what) {
  if (!condition) throw new Error(what);
}

async function caught(promise) {
  const outcome = await promise.then(
    ({ status }) => ({ status }),
    (error) => ({ error }),
  );
  holds('error' in outcome, `expected a rejection, got ${outcome.status}`);
  return outcome.error;
}

async function until(condition, what) {
  for (const start = performance.now(); !condition(); await sleep(10))
    holds(performance.now() - start < 20_000, `waited in vain: ${what}`);
}

/** A client that retries soon, and a place where the API plays the steps of one case. */
function stage({ api, adapter }, steps, options, inside) {
  const id = `${Math.random()}`.slice(2);
  const client = axios.create({ adapter });
  if (inside) client.interceptors.request.use(inside);
  const handle = attachRetry(client, { baseDelay: 5, jitter: 'none', ...options });
  const plain = axios.create({ adapter: 'fetch' });
  return {
    client,
    handle,
    url: `${api}/play?id=${id}&steps=${encodeURIComponent(JSON.stringify(steps))}`,
    ledger: async () => (await plain.get(`${api}/ledger?id=${id}`)).data,
    control: (params) => plain.get(`${api}/control`, { params }),
  };
}

const outcomesOf = (value) => retryReport(value).attempts.map(({ status, code }) => status ?? code);

const recover = async (world, step, first) => {
  const { client, url, ledger } = stage(world, [step, 200]);
  const response = await client.get(url);
  is((await ledger()).length, 2, 'requests');
  // Firefox itself repeats a GET whose connection was reset.
  if (world.isFirefox && step === reset) is(response.status, 200, 'status');
  else is(outcomesOf(response), [first, 200], 'attempts');
};

const refuseToRepeat = async (world, step, code) => {
  const { client, url, ledger } = stage(world, [step, 200]);
  const error = await caught(client.post(url, { amount: 1 }));
  // Firefox's fetch tells of a body that ends early by an error that axios gives no code.
  const isUntold = world.isFirefox && world.adapter === 'fetch' && step === truncate;
  const outcome = [isUntold ? undefined : code, 'unsafe-method'];
  is([error.code, retryReport(error).reason], outcome, 'outcome');
  is((await ledger()).length, 1, 'requests');
};

/** Each takes `{ api, adapter, deadPort, isInsecure, isFirefox, staysOnline }`. */
const cases = {
  async 'a GET recovers from 503s'(world) {
    const { client, url, ledger } = stage(world, [503, 503, 200]);
    const response = await client.get(url);
    is(response.data, { attempt: 3 }, 'data');
    is(outcomesOf(response), [503, 503, 200], 'attempts');
    is((await ledger()).length, 3, 'requests');
  },

  async 'the last failure is the error of axios, with its response'(world) {
    const { client, url } = stage(world, [503, 500]);
    const error = await caught(client.get(url, { retry: { maxAttempts: 2 } }));
    holds(axios.isAxiosError(error) && wasRetried(error), `got ${error}`);
    is([error.response.status, error.response.data], [500, { attempt: 2 }], 'response');
    is(retryReport(error).reason, 'max-attempts', 'reason');
  },

  async 'a Retry-After that CORS exposes is obeyed'(world) {
    const headers = { 'retry-after': '1', 'access-control-expose-headers': 'Retry-After' };
    const { client, url, ledger } = stage(world, [{ status: 503, headers }, 200]);
    const [{ delay }] = retryReport(await client.get(url)).attempts;
    // Hints on a 503 are spread, so that a crowd does not come back at once.
    holds(delay >= 1_000 && delay < 2_000, `waited ${delay} ms`);
    const [first, second] = await ledger();
    holds(second.at - first.at >= 1_000, `the server saw ${second.at - first.at} ms between`);
  },

  async 'a Retry-After that CORS hides is no hint'(world) {
    const { client, url } = stage(world, [{ status: 503, headers: { 'retry-after': '1' } }, 200]);
    is(retryReport(await client.get(url)).attempts[0].delay, 5, 'delay');
  },

  async 'a Retry-After with a date is obeyed, by the clock of the machine when Date is hidden'(world) {
    const headers = {
      'retry-after': new Date(Date.now() + 2_500).toUTCString(),
      'access-control-expose-headers': 'Retry-After',
    };
    const { client, url } = stage(world, [{ status: 503, headers }, 200]);
    const [{ delay }] = retryReport(await client.get(url)).attempts;
    holds(delay > 500 && delay <= 5_000, `waited ${delay} ms`);
  },

  async 'an abort ends the wait at once'(world) {
    let waits = 0;
    const observe = { onRetry: () => (waits += 1) };
    const { client, url, ledger } = stage(world, [503], { baseDelay: 30_000, observe });
    const controller = new AbortController();
    const pending = caught(client.get(url, { signal: controller.signal }));
    await until(() => waits > 0, 'the wait');
    const reason = new Error('the user left');
    const abortedAt = performance.now();
    controller.abort(reason);
    const error = await pending;
    holds(performance.now() - abortedAt < 1_000, 'not at once');
    holds(axios.isCancel(error) && error.cause === reason, `got ${error}, cause ${error.cause}`);
    is(retryReport(error).reason, 'aborted', 'reason');
    is((await ledger()).length, 1, 'requests');
  },

  async 'an abort in flight is final'(world) {
    const { client, url, ledger } = stage(world, [stall]);
    const controller = new AbortController();
    const pending = caught(client.get(url, { signal: controller.signal }));
    await sleep(150);
    controller.abort();
    const error = await pending;
    holds(axios.isCancel(error), `got ${error}`);
    is(retryReport(error).reason, 'aborted', 'reason');
    is((await ledger()).length, 1, 'requests');
  },

  async 'AbortSignal.timeout ends the wait'(world) {
    const { client, url } = stage(world, [503], { baseDelay: 30_000 });
    const error = await caught(client.get(url, { signal: AbortSignal.timeout(3_000) }));
    is([axios.isCancel(error), error.cause?.name], [true, 'TimeoutError'], 'outcome');
  },

  async 'a wait of thirty days, longer than any timer, does not end at once'(world) {
    const month = 30 * 24 * 3_600_000;
    const { client, url, ledger } = stage(world, [503], { wait: () => month, maxElapsedTime: Infinity });
    const error = await caught(client.get(url, { signal: AbortSignal.timeout(3_000) }));
    is([error.cause?.name, retryReport(error).attempts[0].delay > 0], ['TimeoutError', true], 'outcome');
    is((await ledger()).length, 1, 'requests');
  },

  async 'detaching ends the wait with the last outcome'(world) {
    let waits = 0;
    const observe = { onRetry: () => (waits += 1) };
    const { client, handle, url } = stage(world, [503], { baseDelay: 30_000, observe });
    const pending = caught(client.get(url));
    await until(() => waits > 0, 'the wait');
    handle.detach();
    const error = await pending;
    is([error.response?.status, retryReport(error).reason], [503, 'detached'], 'outcome');
  },

  'a GET recovers from a reset connection': (world) => recover(world, reset, 'ERR_NETWORK'),
  'a GET recovers from an answer that CORS hides': (world) => recover(world, hidden, 'ERR_NETWORK'),
  'a POST is not repeated after a reset': (world) => refuseToRepeat(world, reset, 'ERR_NETWORK'),
  'a POST is not repeated when CORS hides the answer': (world) =>
    refuseToRepeat(world, hidden, 'ERR_NETWORK'),
  'a POST is not repeated when the answer is cut off': (world) =>
    refuseToRepeat(world, truncate, 'ERR_NETWORK'),

  async 'a GET recovers from an answer that is cut off'(world) {
    const { client, url } = stage(world, [truncate, 200]);
    const response = await client.get(url);
    is([response.data, outcomesOf(response).length], [{ attempt: 2 }, 2], 'outcome');
  },

  async 'a POST is repeated after a 429, with the same body'(world) {
    const { client, url, ledger } = stage(world, [429, 201]);
    is((await client.post(url, { amount: 1 })).status, 201, 'status');
    const bodies = (await ledger()).map(({ body }) => body);
    is(bodies, ['{"amount":1}', '{"amount":1}'], 'bodies');
  },

  async 'a POST with a key is repeated after a reset, under one UUID'(world) {
    is(typeof crypto.randomUUID, world.isInsecure ? 'undefined' : 'function', 'crypto.randomUUID');
    const { client, url, ledger } = stage(world, [reset, 500, 200]);
    await client.post(url, { amount: 1 }, { retry: { idempotencyKey: true } });
    const keys = (await ledger()).map(({ headers }) => headers['idempotency-key']);
    is(keys.length, 3, 'requests');
    holds(UUID.test(keys[0]) && new Set(keys).size === 1, `keys ${keys}`);
  },

  async 'a refused port is retried for a GET, and not for a POST, of which a browser cannot tell whether it left'(
    world,
  ) {
    const { client } = stage(world, []);
    const url = `http://127.0.0.1:${world.deadPort}/`;
    const error = await caught(client.get(url));
    is(outcomesOf(error), ['ERR_NETWORK', 'ERR_NETWORK', 'ERR_NETWORK'], 'attempts');
    is(retryReport(await caught(client.post(url, {}))).reason, 'unsafe-method', 'reason');
  },

  async 'axios gives up on a server that stalls, and a GET recovers'(world) {
    const { client, url } = stage(world, [stall, 200]);
    const [first] = outcomesOf(await client.get(url, { timeout: 1_000 }));
    holds(first === 'ECONNABORTED' || first === 'ETIMEDOUT', `got ${first}`);
  },

  async '`attemptTimeout` cuts off a server that stalls, and a GET recovers'(world) {
    const { client, url } = stage(world, [stall, 200], { attemptTimeout: 200 });
    is(outcomesOf(await client.get(url)), ['ETIMEDOUT', 200], 'attempts');
  },

  async '`totalTimeout` bounds the request'(world) {
    const { client, url } = stage(world, [503, stall], { totalTimeout: 400 });
    const startedAt = performance.now();
    const error = await caught(client.get(url));
    is([error.code, retryReport(error).reason], ['ETIMEDOUT', 'total-timeout'], 'outcome');
    holds(performance.now() - startedAt < 20_000, 'not in time');
  },

  async 'bodies of every kind are sent again as they were'(world) {
    const form = new FormData();
    form.append('name', 'Ada');
    form.append('file', new Blob(['one']), 'one.txt');
    const bodies = [
      [form, /name="name".+Ada.+filename="one\.txt".+one/s],
      [new URLSearchParams({ q: 'a b' }), /^q=a\+b$/],
      [new Blob(['blob']), /^blob$/],
      [new TextEncoder().encode('bytes').buffer, /^bytes$/],
      ['text', /^text$/],
    ];
    for (const [body, expected] of bodies) {
      const { client, url, ledger } = stage(world, [503, 200]);
      await client.put(url, body);
      const sent = (await ledger()).map((entry) =>
        entry.body.replaceAll(/(WebKitForm|geckoform)boundary\w+/gi, 'B'),
      );
      is([sent.length, sent[0]], [2, sent[1]], 'bodies');
      holds(expected.test(sent[1]), `got ${sent[1]}`);
    }
  },

  async 'a ReadableStream is not sent again'(world) {
    const { client, url } = stage(world, []);
    const adapter = async (config) => {
      throw new axios.AxiosError('Network Error', 'ERR_NETWORK', config);
    };
    const error = await caught(client.put(url, new Blob(['once']).stream(), { adapter }));
    is(retryReport(error).reason, 'body-not-replayable', 'reason');
  },

  async 'a streamed failure is let go, and the stream of the last answer can be read'(world) {
    if (world.adapter !== 'fetch') return;
    const { client, url } = stage(world, [503, 200]);
    const { data } = await client.get(url, { responseType: 'stream' });
    is(await new Response(data).json(), { attempt: 2 }, 'body');
  },

  async 'a relative URL is retried, and one budget bounds several requests'(world) {
    const { client } = stage(world, []);
    const budget = new RetryBudget({ maxRetries: 1 });
    const errors = [
      await caught(client.get('/missing.js', { retry: { budget, statuses: [404] } })),
      await caught(client.get('/missing.js', { retry: { budget, statuses: [404] } })),
    ];
    is(errors.map(outcomesOf), [[404, 404], [404]], 'attempts');
    is(retryReport(errors[1]).reason, 'budget-exhausted', 'reason');
  },

  async 'an interceptor gets a fresh token into every attempt'(world) {
    let token = 0;
    const inside = (config) => {
      token += 1;
      config.headers.set('authorization', `Bearer ${token}`);
      return config;
    };
    const { client, url, ledger } = stage(world, [503, 200], {}, inside);
    await client.get(url);
    is(
      (await ledger()).map(({ headers }) => headers.authorization),
      ['Bearer 1', 'Bearer 2'],
      'tokens',
    );
  },

  async 'a response of a status that is fine for the caller is retried too'(world) {
    const { client, url } = stage(world, [503, 200]);
    is((await client.get(url, { validateStatus: null })).status, 200, 'status');
  },

  async 'thirty requests at once recover'(world) {
    const { client, url } = stage(world, [503, 200]);
    const responses = await Promise.all(
      Array.from({ length: 30 }, (_, n) => client.get(url.replace('id=', `id=${n}-`))),
    );
    is(new Set(responses.map((response) => show(outcomesOf(response)))).size, 1, 'kinds of outcome');
  },
};

/** A service worker has no XHR. */
const ADAPTERS = typeof XMLHttpRequest === 'undefined' ? ['fetch'] : ['xhr', 'fetch'];

/** Runs everything on the adapters that there are; answers `[name, error or undefined]` for each. */
export async function runCases(world) {
  const rejections = [];
  globalThis.addEventListener('unhandledrejection', ({ reason }) => rejections.push(String(reason)));
  const runs = ADAPTERS.map(async (adapter) => {
    // One after the other, for Chromium keeps six connections to a host at most.
    const outcomes = [];
    for (const [name, run] of Object.entries(cases))
      outcomes.push([`${adapter}: ${name}`, await problemOf(() => run({ ...world, adapter }))]);
    return outcomes;
  });
  const results = (await Promise.all(runs)).flat();
  // These take the network away, so they run alone.
  for (const adapter of world.staysOnline ? [] : ADAPTERS)
    results.push([
      `${adapter}: a GET waits out a network that is gone`,
      await problemOf(() => offline({ ...world, adapter })),
    ]);
  await sleep(50);
  results.push(['no rejection is left unhandled', rejections.length > 0 ? rejections.join('; ') : undefined]);
  return results;
}

async function offline(world) {
  const { client, url, ledger, control } = stage(world, [200], { baseDelay: 200, maxAttempts: 60 });
  await control({ offline: 2_500 });
  await until(() => !navigator.onLine, 'the network to go');
  const attempts = outcomesOf(await client.get(url, { retry: { maxDelay: 200 } }));
  is([attempts[0], attempts.at(-1)], ['ERR_NETWORK', 200], 'attempts');
  is((await ledger()).length, 1, 'requests');
}

async function problemOf(run) {
  try {
    await run();
    return undefined;
  } catch (error) {
    // The stack of Firefox does not begin with the message.
    return `${error}\n${error?.stack}`;
  }
}
