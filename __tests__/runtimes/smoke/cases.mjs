// What the package must do wherever it is installed: in plain JavaScript, without a test runner, for any runtime.
import assert from 'node:assert/strict';
import process from 'node:process';

const fast = { baseDelay: 5, jitter: 'none' };
const long = { baseDelay: 60_000, jitter: 'none' };

const caught = (promise) =>
  promise.then(
    () => assert.fail('expected a rejection'),
    (error) => error,
  );

function* casesOver(adapter, { axios, api, testing }, { url, refused }) {
  const create = (options, defaults, runtime) => {
    const client = axios.create({ adapter, proxy: false, baseURL: url, ...defaults });
    return { client, handle: api.attachRetry(client, { ...fast, ...options }, runtime) };
  };
  const ledgerOf = async (path) => (await axios.get(`${url}/ledger/${path.split('/')[1]}`, { adapter })).data;
  let count = 0;
  const script = (steps) => {
    count += 1;
    return `/${adapter}${count}${steps.length}${Math.random().toString(36).slice(2)}/${steps}`;
  };

  for (const failure of ['503', 'reset', 'close', 'cut']) {
    yield [
      `a GET recovers after ${failure}`,
      async () => {
        const response = await create().client.get(script(`${failure}-${failure}-200`));
        assert.deepEqual(response.data, { attempt: 3 });
        assert.equal(api.retryReport(response).attempts.length, 3);
      },
    ];
  }

  yield [
    'a GET recovers after a refused connection',
    async () => {
      const beforeRetry = (config) => ({ ...config, baseURL: url });
      const { client } = create({ beforeRetry }, { baseURL: refused });
      assert.deepEqual((await client.get(script('200'))).data, { attempt: 1 });
    },
  ];

  for (const failure of ['reset', 'close', 'cut', '503']) {
    yield [
      `a POST is sent once when it ends in ${failure}`,
      async () => {
        const path = script(`${failure}-200`);
        const error = await caught(create({ retryIf: () => true }).client.post(path, { amount: 5 }));
        assert.equal(api.retryReport(error).reason, 'unsafe-method');
        assert.equal((await ledgerOf(path)).length, 1);
      },
    ];
  }

  yield [
    'a POST with an idempotency key is sent again, the same',
    async () => {
      const path = script('reset-503-200');
      await create({ idempotencyKey: true }).client.post(path, { amount: 5 });
      const [first, ...others] = await ledgerOf(path);
      assert.match(first.key, /^[\da-f-]{36}$/);
      assert.equal(first.body, '{"amount":5}');
      assert.deepEqual(others, [first, first]);
    },
  ];

  yield [
    'a hint of the server is waited for',
    async () => {
      const start = performance.now();
      const response = await create().client.get(script('hint-200'));
      assert.ok(performance.now() - start >= 149);
      assert.ok(api.retryReport(response).attempts[0].delay >= 150);
    },
  ];

  yield [
    'Retry-After is waited for, on a virtual clock',
    async () => {
      const clock = testing.virtualClock();
      const { client } = create({}, {}, { clock, random: () => 0 });
      await client.get(script('second-200'));
      assert.deepEqual(clock.sleeps, [1_000]);
    },
  ];

  yield [
    'an abort during the wait ends the request at once',
    async () => {
      const controller = new AbortController();
      const path = script('503-200');
      const observe = { onRetry: () => setTimeout(() => controller.abort(), 10) };
      const { client } = create({ ...long, observe });
      const error = await caught(client.get(path, { signal: controller.signal }));
      assert.ok(axios.isCancel(error));
      assert.equal(api.retryReport(error).reason, 'aborted');
      assert.equal((await ledgerOf(path)).length, 1);
    },
  ];

  yield [
    'detach() during the wait settles the request with what it has',
    async () => {
      const path = script('503-200');
      const { client, handle } = create({
        ...long,
        observe: { onRetry: () => setTimeout(() => handle.detach(), 10) },
      });
      const error = await caught(client.get(path));
      assert.equal(error.response.status, 503);
      assert.equal(api.retryReport(error).reason, 'detached');
      assert.equal((await caught(client.get(script('503-200')))).response.status, 503);
    },
  ];

  yield [
    'an attempt that stalls is ended by attemptTimeout, and repeated',
    async () => {
      const { data } = await create({ attemptTimeout: 100 }).client.get(script('stall-200'));
      assert.deepEqual(data, { attempt: 2 });
    },
  ];

  yield [
    'totalTimeout ends a request that stalls',
    async () => {
      const error = await caught(create({ totalTimeout: 100 }).client.get(script('stall')));
      assert.equal(error.code, 'ETIMEDOUT');
      assert.equal(api.retryReport(error).reason, 'total-timeout');
    },
  ];

  yield [
    'the unread stream of a failed attempt is released, and the last one is readable',
    async () => {
      const response = await create().client.get(script('large-large-200'), { responseType: 'stream' });
      let text = '';
      const decoder = new TextDecoder();
      for await (const chunk of response.data)
        text += typeof chunk === 'string' ? chunk : decoder.decode(chunk);
      assert.deepEqual(JSON.parse(text), { attempt: 3 });
    },
  ];
}

function* casesOfSubPaths({ axios, api, testing, context, axiosRetry }, { url }) {
  yield [
    'axios-tenacity/testing plays a script without waiting',
    async () => {
      const clock = testing.virtualClock();
      const adapter = testing.scriptedAdapter([503, 'ECONNRESET', 'timeout', { status: 200, data: 'done' }]);
      const client = axios.create({ adapter });
      api.attachRetry(client, { maxAttempts: 4 }, { clock, random: testing.seededRandom(1) });
      assert.equal((await client.get('/')).data, 'done');
      assert.equal(clock.sleeps.length, 3);
      adapter.done();
    },
  ];

  yield [
    'axios-tenacity/context bounds the retries of a handler across its awaits',
    async () => {
      const adapter = testing.scriptedAdapter([503, 503, 200, 503]);
      const client = axios.create({ adapter });
      api.attachRetry(client, { ...fast, budget: context.currentRetryBudget });
      const budget = new api.RetryBudget({ maxRetries: 2 });
      const reason = await context.withRetryBudget(budget, async () => {
        await client.get('/');
        return api.retryReport(await caught(client.get('/'))).reason;
      });
      assert.equal(reason, 'budget-exhausted');
      assert.equal(context.currentRetryBudget(), undefined);
    },
  ];

  yield [
    'axios-tenacity/axios-retry retries as axios-retry does',
    async () => {
      const client = axios.create({ baseURL: url, proxy: false });
      axiosRetry(client, { retries: 2, retryDelay: () => 5 });
      const { data, config } = await client.get(`/drop-in${Math.random()}/503-reset-200`);
      assert.deepEqual(data, { attempt: 3 });
      assert.equal(config['axios-retry'].retryCount, 2);
      assert.equal(typeof axiosRetry.exponentialDelay, 'function');
    },
  ];
}

/** Runs every case against the server and prints a line for each failure, and the tally at the end. */
export async function runSmoke(parts) {
  const server = { url: process.argv[2], refused: process.argv[3] };
  const tally = { passed: 0, failed: 0 };
  const run = async (cases, where) => {
    for (const [name, test] of cases) {
      try {
        await test();
        tally.passed += 1;
      } catch (error) {
        tally.failed += 1;
        console.log(`not ok: ${where}${name}\n${error?.stack ?? error}`);
      }
    }
  };
  for (const adapter of ['http', 'fetch']) await run(casesOver(adapter, parts, server), `over ${adapter}, `);
  await run(casesOfSubPaths(parts, server), '');
  if (tally.failed > 0) process.exitCode = 1;
  console.log(`${tally.passed} passed, ${tally.failed} failed`);
}
