import axios, { type AxiosError, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios';
import { attachRetry, type RetryOptions, retryReport } from '../../lib/index.ts';
import { seededRandom } from '../../lib/testing.ts';
import { adapters } from '../helpers/clients.ts';
import {
  answer,
  closeServers,
  type Exchange,
  redirect,
  refusedPort,
  type ScriptedServer,
  type Step,
  startServer,
} from '../helpers/server.ts';

afterEach(closeServers);

const SEED = 20_260_726;

/** Milliseconds after which a client gives up an attempt that the server may never answer. */
const TIME_LIMIT = 800;

/** The time limit of an order that the server always answers: one that a busy machine does not reach. */
const AMPLE = 10_000;

/** A number in [0, 1) for one arrival of one order, the same in every run however requests overlap. */
const chanceOf = (...parts: readonly unknown[]): number => {
  let hash = SEED;
  for (const char of parts.join('/')) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return seededRandom(hash | 0)();
};

/** What comes of an order that has arrived: acts on it or not, and answers or does not. */
type Fate = (exchange: Exchange, charge: () => void) => unknown;

const reset: Step = ({ socket }) => void socket.resetAndDestroy();

const after =
  (step: Step): Fate =>
  (exchange, charge) => {
    charge();
    return step(exchange);
  };
const instead =
  (step: Step): Fate =>
  (exchange) =>
    step(exchange);

/** By name, each with how often it comes up, and where it may send the client. */
const fatesOf = (places: { readonly target: string; readonly dead: string }) =>
  ({
    charged: [30, after(answer(201))],
    'reset before it was read': [3, instead(reset)],
    'reset before it was charged': [3, instead(reset)],
    'reset after it was charged': [6, after(reset)],
    'closed after it was charged': [3, after(({ socket }) => void socket.end())],
    'charged, and the answer cut off': [
      3,
      after(({ response, socket }) => {
        response.writeHead(201, { 'content-length': 100 });
        response.write('half', () => socket.destroy());
      }),
    ],
    'silence, and not charged': [1, instead(() => undefined)],
    'silence, and charged': [1, after(() => undefined)],
    'charged too late': [
      1,
      async (exchange, charge) => {
        await new Promise((resolve) => setTimeout(resolve, 1.25 * TIME_LIMIT));
        charge();
        answer(201)(exchange);
      },
    ],
    '503 before it was charged': [7, instead(answer(503))],
    '503 after it was charged': [7, after(answer(503))],
    '500 after it was charged': [3, after(answer(500))],
    '504 before it was charged': [3, instead(answer(504))],
    '429': [7, instead(answer(429))],
    '429 with a hint': [4, instead(answer(429, '', { 'retry-after-ms': 3 }))],
    '425': [3, instead(answer(425))],
    '401': [6, instead(answer(401))],
    'charged, and a 303 to a receipt': [4, after(redirect('/receipt'))],
    'charged, and a 303 to a dead port': [4, after(redirect(places.dead))],
    'charged, and a 303 to a receipt that is reset': [3, after(redirect('/receipt/reset'))],
    'charged, and a 303 to a receipt that is busy': [3, after(redirect('/receipt/busy'))],
    'a 307 to another server': [
      5,
      instead((exchange) => redirect(`${places.target}${exchange.recorded.url}`, 307)(exchange)),
    ],
    'a 307 to a dead port': [3, instead(redirect(places.dead, 307))],
    'in progress elsewhere (409)': [2, instead(answer(409))],
  }) as const satisfies Record<string, readonly [number, Fate]>;

/** For the names and the weights alone. */
const anyFates = fatesOf({ target: '', dead: '' });

/** Draws a fate by its weight. */
function draw(fates: Readonly<Record<string, readonly [number, Fate]>>, chance: number): [string, Fate] {
  const total = Object.values(fates).reduce((sum, [weight]) => sum + weight, 0);
  let left = chance * total;
  for (const [name, [weight, fate]] of Object.entries(fates)) {
    left -= weight;
    if (left < 0) return [name, fate];
  }
  throw new Error('The chances are gone');
}

/** Whether one of the first arrivals of an order is not answered in time. */
const isEverLate = (order: string): boolean =>
  Array.from({ length: 12 }, (_, index) => draw(anyFates, chanceOf(order, index + 1))[0]).some((name) =>
    /silence|too late/.test(name),
  );

/** The names of the fates that came up so far. */
const seen = new Set<string>();

/** What the servers did, order by order. */
interface Ledger {
  readonly charges: ReadonlyMap<string, number>;
  readonly keys: ReadonlyMap<string, ReadonlySet<string>>;
  readonly arrivals: ReadonlyMap<string, number>;
  readonly url: string;
}

/** Two servers that share a ledger: the one that orders are sent to, and one that it may point to. */
async function openLedger(): Promise<Ledger> {
  const charges = new Map<string, number>();
  const keys = new Map<string, Set<string>>();
  const arrivals = new Map<string, number>();
  const settled = new Set<string>();
  const places = { target: '', dead: `http://127.0.0.1:${await refusedPort()}/` };
  let fates: ReturnType<typeof fatesOf> | undefined;

  const read = async ({ request }: Exchange): Promise<void> => {
    for await (const _ of request);
  };
  const deal: Step = async (exchange) => {
    const { url, headers } = exchange.recorded;
    if (url === '/token') return answer(chanceOf('token', exchange.number) < 0.2 ? 503 : 200)(exchange);
    if (url === '/receipt/reset') return reset(exchange);
    if (url.startsWith('/receipt')) return answer(url.endsWith('busy') ? 503 : 200)(exchange);

    const order = new URL(url, 'http://localhost').searchParams.get('order') ?? '';
    const key = headers['idempotency-key'] as string | undefined;
    const arrival = (arrivals.get(order) ?? 0) + 1;
    arrivals.set(order, arrival);
    if (key !== undefined) keys.set(order, (keys.get(order) ?? new Set()).add(key));
    const charge = (): void => {
      if (key !== undefined && settled.has(key)) return;
      settled.add(key ?? '');
      charges.set(order, (charges.get(order) ?? 0) + 1);
    };
    fates ??= fatesOf(places);
    const [name, fate] = draw(fates, chanceOf(order, arrival));
    seen.add(name);
    if (name !== 'reset before it was read') await read(exchange);
    return fate(exchange, charge);
  };

  deal.beforeReading = true;
  const target: ScriptedServer = await startServer(deal);
  places.target = target.url;
  const { url } = await startServer(deal);
  return { charges, keys, arrivals, url };
}

/** Fetches a token and sends a request that was answered 401 once more, as refreshers do. */
function refreshTokens(client: AxiosInstance): void {
  const isResent = new WeakSet<object>();
  let token = 0;
  client.interceptors.request.use((config) => {
    config.headers.set('Authorization', `Bearer ${token}`);
    return config;
  });
  client.interceptors.response.use(undefined, async (error: AxiosError) => {
    const config = error?.config as (InternalAxiosRequestConfig & { refreshed?: boolean }) | undefined;
    if (error?.response?.status !== 401 || config === undefined || config.refreshed || isResent.has(config)) {
      throw error;
    }
    isResent.add(config);
    await client.post('/token');
    token += 1;
    return client.request({ ...config, refreshed: true } as InternalAxiosRequestConfig);
  });
}

interface Run {
  readonly ledger: Ledger;
  readonly fulfilled: ReadonlySet<string>;
  readonly retried: number;
}

const ORDERS = 250;
const AT_ONCE = 8;

async function placeOrders(
  adapter: 'http' | 'fetch',
  isKeyed: boolean,
  refresher: 'before' | 'after',
): Promise<Run> {
  const ledger = await openLedger();
  const client = axios.create({ adapter, baseURL: ledger.url, proxy: false });
  const options: RetryOptions = {
    maxAttempts: 6,
    baseDelay: 1,
    maxDelay: 3,
    throttle: false,
    idempotencyKey: isKeyed,
  };
  if (refresher === 'before') refreshTokens(client);
  attachRetry(client, options);
  if (refresher === 'after') refreshTokens(client);

  const fulfilled = new Set<string>();
  let retried = 0;
  const place = async (order: string, index: number): Promise<void> => {
    // Either way of running out of time, of axios and of ours.
    const ms = isEverLate(order) ? TIME_LIMIT : AMPLE;
    const limit = index % 2 === 0 ? { timeout: ms } : { retry: { attemptTimeout: ms } };
    try {
      const response = await client.post('/orders', { order }, { params: { order }, ...limit });
      fulfilled.add(order);
      if ((retryReport(response)?.attempts.length ?? 0) > 1) retried += 1;
    } catch (error) {
      if (!axios.isAxiosError(error)) throw error;
      if (axios.isCancel(error)) throw new Error('An inner rejection came out', { cause: error });
    }
  };
  const orders = Array.from({ length: ORDERS }, (_, i) => `${adapter}-${isKeyed}-${refresher}-${i}`);
  const workers = Array.from({ length: AT_ONCE }, async (_, worker) => {
    for (let i = worker; i < orders.length; i += AT_ONCE) await place(orders[i] as string, i);
  });
  await Promise.all(workers);
  // What was charged too late shall count.
  await new Promise((resolve) => setTimeout(resolve, TIME_LIMIT));
  return { ledger, fulfilled, retried };
}

const cases = adapters.flatMap((adapter) =>
  [false, true].flatMap((isKeyed) =>
    (['before', 'after'] as const).map((refresher) => ({ adapter, isKeyed, refresher })),
  ),
);

describe.each(cases)(
  'orders over $adapter, keys: $isKeyed, a token refresher registered $refresher us',
  ({ adapter, isKeyed, refresher }) => {
    let run: Run;
    beforeAll(async () => {
      run = await placeOrders(adapter, isKeyed, refresher);
      await closeServers();
    }, 180_000);

    test('none was charged twice', () => {
      const twice = [...run.ledger.charges].filter(([, count]) => count > 1);
      expect(twice).toEqual([]);
      expect(run.ledger.arrivals.size).toBeGreaterThan(ORDERS * 0.95);
    });

    test('what the client was told is done was charged', () => {
      const uncharged = [...run.fulfilled].filter((order) => !run.ledger.charges.has(order));
      expect(uncharged).toEqual([]);
      expect(run.fulfilled.size).toBeGreaterThan(ORDERS * (isKeyed ? 0.5 : 0.1));
    });

    test(`each had ${isKeyed ? 'one key, on every arrival' : 'no key'}`, () => {
      const counts = [...run.ledger.keys.values()].map(({ size }) => size);
      expect(counts).toEqual(isKeyed ? Array(run.ledger.arrivals.size).fill(1) : []);
    });

    test('retries were made', () => {
      expect(run.retried).toBeGreaterThan(ORDERS * (isKeyed ? 0.3 : 0));
    });
  },
);

test('all that can go wrong did', () => {
  expect([...seen].sort()).toEqual(Object.keys(anyFates).sort());
});
