import axios from 'axios';
import {
  answer,
  closeServers,
  resetAfterReading,
  type ScriptedServer,
  type Step,
  startServer,
} from '../helpers/server.ts';
import { copyExample, endPrograms, type Program, removeProjects, start, until } from './project.ts';

/** Deals with the nth request to a path by the nth step, and with later ones by the last. */
function byPath(scripts: Readonly<Record<string, readonly Step[]>>): Step {
  const visits = new Map<string, number>();
  return (exchange) => {
    const { url } = exchange.recorded;
    const visit = visits.get(url) ?? 0;
    visits.set(url, visit + 1);
    const steps = scripts[url] ?? [answer(404)];
    return (steps[Math.min(visit, steps.length - 1)] as Step)(exchange);
  };
}

describe('the Express gateway', () => {
  let folder: string;
  let upstream: ScriptedServer;
  let gateway: Program;
  let url: string;

  beforeAll(async () => {
    folder = await copyExample('express-gateway');
  });
  afterAll(removeProjects);

  beforeEach(async () => {
    upstream = await startServer(
      byPath({
        '/customers/7/open': [answer(503), answer(200, ['A-1'])],
        '/customers/7/shipped': [answer(200, [])],
        '/customers/8/open': [answer(503)],
        '/customers/8/shipped': [answer(503)],
        '/customers/9/open': [answer(503, {}, { 'retry-after': 1 }), answer(200, [])],
        '/customers/9/shipped': [answer(200, [])],
        '/orders': [resetAfterReading(), answer(201, { id: 'A-2' })],
      }),
    );
    gateway = start(folder, ['src/main.js'], { ORDERS_URL: upstream.url, PORT: '0', BASE_DELAY: '20' });
    const [, port] = await gateway.says(/"port":(\d+)/);
    url = `http://127.0.0.1:${port}`;
  });
  afterEach(async () => {
    await endPrograms();
    await closeServers();
  });

  const send = (method: string, path: string, data?: unknown) =>
    axios.request({ url: url + path, method, data, proxy: false, validateStatus: null });

  const metric = async (name: string): Promise<readonly string[]> =>
    String((await send('GET', '/metrics')).data)
      .split('\n')
      .filter((line) => line.startsWith(name));

  it('answers after a retry, logs it as JSON and counts it', async () => {
    const { status, data } = await send('GET', '/customers/7/orders');
    expect({ status, data }).toEqual({ status: 200, data: { open: ['A-1'], shipped: [] } });
    const [line] = await gateway.says(/^.*"event":"retry".*$/m);
    expect(JSON.parse(line)).toMatchObject({ level: 40, status: 503, attemptNumber: 1, method: 'GET' });
    expect(await metric('http_client_retries_total')).toEqual([
      'http_client_retries_total{method="GET",cause="503"} 1',
    ]);
    expect(await metric('http_client_retry_wait_seconds_count')).toEqual([
      'http_client_retry_wait_seconds_count{source="backoff"} 1',
    ]);
  });

  it('gives each incoming request two retries, whichever of its calls needs them', async () => {
    for (const times of [1, 2]) {
      const { status, data } = await send('GET', '/customers/8/orders');
      expect({ status, reason: data.reason }).toEqual({ status: 502, reason: 'budget-exhausted' });
      await until(() => upstream.requests.length === 4 * times);
    }
    const counted = await metric('http_client_give_ups_total{method="GET",reason="budget-exhausted"}');
    expect(counted).toHaveLength(1);
  });

  it('repeats a POST under one key', async () => {
    const { status, data } = await send('POST', '/orders', { article: 7 });
    expect({ status, data }).toEqual({ status: 201, data: { id: 'A-2' } });
    const [first, second] = upstream.requests.map(({ headers }) => headers['idempotency-key']);
    expect(first).toMatch(/^[\da-f-]{36}$/);
    expect(second).toBe(first);
  });

  const itOnUnix = process.platform === 'win32' ? it.skip : it;

  itOnUnix('ends on SIGTERM: what waits is answered at once, and nothing is sent again', async () => {
    const answered = send('GET', '/customers/9/orders');
    await gateway.says(/"event":"retry"/);
    gateway.signal('SIGTERM');
    const { status, data, headers } = await answered;
    expect({ status, reason: data.reason }).toEqual({ status: 502, reason: 'detached' });
    expect(headers.connection).toBe('close');
    expect(await gateway.ended).toEqual([0, null]);
    expect(gateway.output).toContain('"msg":"closed"');
    expect(upstream.requests).toHaveLength(2);
  });
});
