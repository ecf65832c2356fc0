// A Cloudflare worker with an axios that retries, over the fetch adapter. Answers each path with what happened, as JSON.
import axios from 'axios';
import { attachRetry, batch, retryReport } from 'axios-tenacity';

const is = (actual, expected, what) => {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`);
};

const caught = (promise) =>
  promise.then(
    ({ status }) => {
      throw new Error(`expected a rejection, got ${status}`);
    },
    (error) => error,
  );

const cases = (server) => {
  let count = 0;
  const stage = (steps, options) => {
    count += 1;
    const id = `worker${count}`;
    const client = axios.create({ adapter: 'fetch', baseURL: server });
    const handle = attachRetry(client, { baseDelay: 5, jitter: 'none', ...options });
    const ledger = async () => (await axios.get(`${server}/ledger/${id}`, { adapter: 'fetch' })).data;
    return { client, handle, path: `/${id}/${steps}`, ledger };
  };
  return {
    async 'a GET recovers after 503, a reset, and a body that is cut off'() {
      for (const failure of ['503', 'reset', 'close', 'cut']) {
        const { client, path } = stage(`${failure}-200`);
        is((await client.get(path)).data, { attempt: 2 }, failure);
      }
    },
    async 'a POST is sent once when the connection is reset'() {
      const { client, path, ledger } = stage('reset-200');
      const error = await caught(client.post(path, { amount: 5 }));
      is([retryReport(error).reason, (await ledger()).length], ['unsafe-method', 1], 'outcome');
    },
    async 'a POST with an idempotency key is sent again, the same'() {
      const { client, path, ledger } = stage('reset-503-200', { idempotencyKey: true });
      await client.post(path, { amount: 5 });
      const [first, ...others] = await ledger();
      is(/^[\da-f-]{36}$/.test(first.key), true, 'key');
      is(others, [first, first], 'sends');
    },
    async 'a hint is waited for, as far as the clock of a worker tells'() {
      const { client, path } = stage('hint-200');
      is(retryReport(await client.get(path)).attempts[0].delay >= 150, true, 'delay');
    },
    async 'an abort during the wait ends the request at once'() {
      const controller = new AbortController();
      const observe = { onRetry: () => setTimeout(() => controller.abort(), 10) };
      const { client, path } = stage('503-200', { baseDelay: 60_000, observe });
      const error = await caught(client.get(path, { signal: controller.signal }));
      is(retryReport(error).reason, 'aborted', 'reason');
    },
    async 'attemptTimeout and totalTimeout end what stalls'() {
      const one = stage('stall-200', { attemptTimeout: 200 });
      is((await one.client.get(one.path)).data, { attempt: 2 }, 'data');
      const all = stage('stall', { totalTimeout: 200 });
      is((await caught(all.client.get(all.path))).code, 'ETIMEDOUT', 'code');
    },
    async 'detach() during the wait settles the request'() {
      const { client, path, handle } = stage('503-200', {
        baseDelay: 60_000,
        observe: { onRetry: () => setTimeout(() => handle.detach(), 10) },
      });
      is(retryReport(await caught(client.get(path))).reason, 'detached', 'reason');
    },
    async 'a stream is released, and the last one is readable'() {
      const { client, path } = stage('large-200');
      const { data } = await client.get(path, { responseType: 'stream' });
      is(await new Response(data).json(), { attempt: 2 }, 'data');
    },
    async 'batch works'() {
      const { client, path } = stage('503-200');
      const { rejected } = await batch(['/'], () => client.get(path));
      is(rejected.size, 0, 'rejected');
    },
  };
};

// biome-ignore lint/style/noDefaultExport: it is what a worker is.
export default {
  async fetch(request) {
    const server = new URL(request.url).searchParams.get('server');
    const results = [];
    for (const [name, run] of Object.entries(cases(server))) {
      results.push(
        await run().then(
          () => [name],
          (error) => [name, String(error?.stack ?? error)],
        ),
      );
    }
    return Response.json(results);
  },
};
