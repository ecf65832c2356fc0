/** What the examples of the README and the guide run against, and what has to come of them. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import axios, { type AxiosInstance } from 'axios';
import pino from 'pino';
import { attachRetry, batch, type RetryRuntime } from '../../../lib/index.ts';
import { virtualClock } from '../../../lib/testing.ts';
import { fast } from '../../helpers/clients.ts';
import { eventually } from '../../helpers/eventually.ts';
import {
  answer,
  type Exchange,
  type RecordedRequest,
  refusedPort,
  resetAfterReading,
  type Step,
  stall,
} from '../../helpers/server.ts';
import { FakeIoredis } from '../../redis/fake-redis.ts';

/** What was there after an example had run. */
interface Run {
  readonly requests: readonly RecordedRequest[];
  /** What went to `console.error`. */
  readonly errors: readonly string[];
  readonly client: AxiosInstance;
  /** Where the server stands in for api.example.com. */
  readonly url: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

type Names = Readonly<Record<string, unknown>>;

export interface Scenario {
  /** How api.example.com answers; with 200 when left out. */
  readonly script?: Step | readonly Step[];
  /** What the example uses and does not declare, besides the names of the ten lines. */
  readonly names?: (url: string, print: (line: string) => void) => Names | Promise<Names>;
  readonly modules?: (print: (line: string) => void) => Names;
  /** Waits take no time unless told otherwise. */
  readonly runtime?: RetryRuntime;
  /** Code to run at the end of the example. */
  readonly epilogue?: string;
  /** Whether `console.warn` and `console.error` print as well. */
  readonly told?: boolean;
  /** The test in `__tests__` that plays it instead. */
  readonly playedBy?: string;
  /** Whether the example ends with an error. */
  readonly fails?: boolean;
  check?(run: Run): unknown;
}

const ok = answer(200, { name: 'Ada' });
const down = answer(503);
const sends =
  (count: number) =>
  ({ requests }: Run): void =>
    expect(requests).toHaveLength(count);
const header = ({ requests }: Run, name: string): readonly unknown[] =>
  requests.map(({ headers }) => headers[name]);

/** Another script for every path. */
const byPath = (scripts: Readonly<Record<string, readonly Step[]>>): Step => {
  const visits: Record<string, number> = {};
  return (exchange) => {
    const path = exchange.recorded.url;
    const visit = (visits[path] ?? 0) + 1;
    visits[path] = visit;
    const steps = scripts[path] ?? [ok];
    return steps[Math.min(visit, steps.length) - 1]?.(exchange);
  };
};

const waiting = virtualClock();
const limited = virtualClock();
const asked = virtualClock();
const cooling = virtualClock();
const leaving = virtualClock({ mode: 'manual' });
const draining = virtualClock({ mode: 'manual' });
const hungUp = virtualClock({ mode: 'manual' });

/** Deadlines come four times as early, which leaves a busy machine the time to send, and leave no timer behind. */
const hurried: RetryRuntime = {
  clock: {
    now: () => Date.now(),
    monotonic: () => performance.now() * 4,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 4)),
    alarm: (ms, signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms / 4);
        signal?.addEventListener('abort', () => clearTimeout(timer));
      }),
  },
};

/** How many requests were there at once. */
const crowd = (() => {
  let [active, most] = [0, 0];
  return {
    most: () => most,
    step: async (exchange: Exchange): Promise<void> => {
      active += 1;
      most = Math.max(most, active);
      await new Promise((resolve) => setTimeout(resolve, 10));
      active -= 1;
      await ok(exchange);
    },
  };
})();

const effects: (() => () => void)[] = [];
const states: unknown[] = [];

const onSigterm: (() => void)[] = [];

/** A new token each time. */
const tokenMaker = (): (() => Promise<number>) => {
  let tokens = 0;
  return async () => ++tokens;
};

/** The server of an example, while the work lasts. */
async function serving(app: unknown, work: (origin: string) => Promise<void>): Promise<void> {
  const server = createServer(app as never);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const sameKey = (run: Run): void => {
  const [key] = header(run, 'idempotency-key');
  expect(header(run, 'idempotency-key')).toEqual([key, key]);
  expect(key).toMatch(/^[\da-f-]{36}$/);
};

/** By page and heading, one for each block of TypeScript. */
export const scenarios: Readonly<Record<string, Readonly<Record<string, readonly Scenario[]>>>> = {
  'README.md': {
    'Ten lines': [
      { told: true },
      {
        script: byPath({ '/charges': [resetAfterReading(), ok], '/down': [down] }),
        check(run) {
          const count = (path: string): number => run.requests.filter(({ url }) => url === path).length;
          expect(['/report', '/health', '/charges', '/down'].map(count)).toEqual([1, 1, 2, 4]);
          const [key, ...others] = header(run, 'idempotency-key').filter(Boolean);
          expect(others).toEqual([key]);
        },
      },
    ],
  },
  'docs/guide/index.md': {
    'Getting started': [{ told: true }],
    'One request, another policy': [
      {
        script: byPath({ '/users/1': [down, down, down, ok], '/report': [down, ok], '/charges': [down, ok] }),
        check: sends(4 + 2 + 1 + 2),
      },
    ],
    'What happened': [{ script: down, check: sends(4) }],
  },
  'docs/guide/what-is-retried.md': {
    'What is retried': [{ script: [down, ok, down], check: sends(3) }],
    'Other statuses': [{ script: [answer(404), ok], check: sends(2) }],
    'A rule of your own': [
      { script: [answer(403, '', { 'retry-after': 1 }), ok], check: sends(2) },
      { script: [answer(409), down, ok], check: sends(3) },
    ],
  },
  'docs/guide/options.md': {
    Options: [{}],
    Layers: [{ script: [down, down, down, down, ok], check: sends(5) }],
    Mistakes: [{}],
    'The policy as data': [{}],
  },
  'docs/guide/waits.md': {
    'Waits and hints': [{ script: [down, down, ok] }],
    'Other schedules': [
      {
        script: [down, down, ok],
        runtime: { clock: waiting },
        check: () => expect(waiting.sleeps).toEqual([100, 3_500]),
      },
    ],
    'What the server asks for': [
      {
        script: [answer(429, '', { 'retry-after': 590 }), ok],
        runtime: { clock: limited },
        check: () => expect(limited.sleeps[0]).toBeGreaterThanOrEqual(590_000),
      },
      {
        script: [answer(503, { error: { retry_in_seconds: 12 } }), ok],
        runtime: { clock: asked },
        check: () => expect(asked.sleeps[0]).toBeGreaterThanOrEqual(12_000),
      },
    ],
    'When to stop': [
      {
        script: byPath({
          '/report': [down, down, down, down, ok],
          '/wiki': [answer(503, '', { 'x-maintenance': 'until noon' })],
        }),
        check: sends(6),
      },
    ],
  },
  'docs/guide/safety.md': {
    'Safety, keys and streams': [{ script: [resetAfterReading(), ok], check: sameKey }],
    'Idempotency keys': [
      {
        script: [resetAfterReading(), ok],
        names: () => ({ order: { id: 7 } }),
        check: (run) => expect(header(run, 'x-idempotency-key')).toEqual(['order-7', 'order-7']),
      },
    ],
    'A POST over fetch': [
      {
        async names(url) {
          const client = axios.create({ baseURL: `http://127.0.0.1:${await refusedPort()}` });
          attachRetry(client, { ...fast, beforeRetry: (config) => ({ ...config, baseURL: url }) });
          return { client };
        },
        check: sends(1),
      },
    ],
    Streams: [
      {
        script: [down, ok],
        modules: () => ({ 'node:fs': { createReadStream: (name: string) => Readable.from([name]) } }),
        check: ({ requests }) =>
          expect(requests.map(({ text }) => text)).toEqual(['report.csv', 'report.csv']),
      },
    ],
    'Change the request': [
      {
        script: [down, ok],
        check: ({ requests }) => expect(requests.map(({ url }) => url)).toEqual(['/users/1', '/eu/users/1']),
      },
    ],
  },
  'docs/guide/deadlines.md': {
    Deadlines: [{ script: stall(), runtime: hurried, check: sends(1) }],
    Cancelling: [{}],
  },
  'docs/guide/limits.md': {
    'Budgets, throttle, cooldown': [{ script: [down, down, down, ok], check: sends(6) }],
    'The throttle': [
      {
        script: byPath({ '/users/1': [down, ok], '/orders/1': [down, ok] }),
        epilogue: 'await Promise.all([users.get("/1"), orders.get("/1")]);',
        check: sends(4),
      },
    ],
    'The cooldown': [
      {
        script: [answer(429, '', { 'retry-after': 30 }), ok],
        runtime: { clock: cooling },
        check({ requests }) {
          expect(requests).toHaveLength(3);
          expect(cooling.sleeps[0]).toBeGreaterThanOrEqual(30_000);
        },
      },
    ],
    'A budget: one allowance for many calls': [
      {
        script: down,
        epilogue: 'exports.app = app;',
        check: ({ requests, exports }) =>
          serving(exports.app, async (origin) => {
            await axios.get(`${origin}/page`, { proxy: false });
            expect(requests).toHaveLength(3 + 2);
            await axios.get(`${origin}/page`, { proxy: false });
            expect(requests).toHaveLength(2 * (3 + 2));
          }),
      },
      {
        names: () => ({ axios: axios.create({ proxy: false }) }),
        script: down,
        epilogue: `
          const { currentRetryBudget } = await import('axios-tenacity/context');
          attachRetry(axios, { budget: currentRetryBudget });
          app.get('/page', async () => {
            const calls = ['/a', '/b', '/c'].map((path) => axios.get('https://api.example.com' + path));
            return (await Promise.allSettled(calls)).map(({ status }) => status);
          });
          await axios.create().get((await app.listen({ port: 0, host: '127.0.0.1' })) + '/page');
          await app.close();`,
        check: sends(3 + 2),
      },
    ],
    'One layer only': [{ script: down, fails: true, check: sends(4) }],
  },
  'docs/guide/fleet.md': {
    'A fleet': [
      {
        names: () => ({ process: { once: () => undefined } }),
        modules: () => ({ redis: { createClient: () => ({ connect: async () => new FakeIoredis() }) } }),
        epilogue: 'await fleet.close();',
      },
    ],
  },
  'docs/guide/interceptors.md': {
    'Interceptors and other plugins': [
      {
        script: [down, ok],
        names: () => ({ getToken: tokenMaker() }),
        check: (run) => expect(header(run, 'authorization')).toEqual(['Bearer 1', 'Bearer 2']),
      },
    ],
    'Where each kind belongs': [
      { script: [down, ok], check: (run) => expect(header(run, 'x-attempt')).toEqual(['1', '2']) },
    ],
    'A cache': [{ script: [down, ok], check: sends(2) }],
  },
  'docs/guide/observing.md': {
    Observing: [{ script: [down, ok] }],
    'Log lines': [
      {
        script: [down, answer(429, '', { 'retry-after': 30 }), resetAfterReading()],
        names: () => ({ axios: axios.create() }),
        told: true,
        fails: true,
      },
      {
        script: [down, ok],
        modules: (print) => ({
          pino: () => pino({ base: null, timestamp: false }, { write: (line) => print(line.trim()) }),
        }),
      },
      { names: () => ({ axios: axios.create() }) },
    ],
    OpenTelemetry: [{}],
    'The attempt number on client spans': [
      {
        modules: () => ({
          '@opentelemetry/instrumentation-http': { HttpInstrumentation: Object },
          '@opentelemetry/instrumentation-undici': { UndiciInstrumentation: Object },
          '@opentelemetry/instrumentation': { registerInstrumentations: () => undefined },
          '@opentelemetry/sdk-trace-base': { BatchSpanProcessor: Object, ConsoleSpanExporter: Object },
          '@opentelemetry/sdk-trace-node': {
            NodeTracerProvider: class {
              register(): void {}
            },
          },
        }),
      },
    ],
    'Prometheus with prom-client': [{ playedBy: 'telemetry/guide.test.ts' }],
    'Diagnostics channels': [{ script: down, check: sends(3) }],
    'An observer of your own': [{ script: [down, ok] }, {}],
  },
  'docs/guide/adapters.md': {
    'Batches and adapters': [
      { script: byPath({ '/users/1': [down, ok], '/users/3': [answer(404)] }), check: sends(5) },
    ],
    'Fewer requests at once': [
      {
        script: crowd.step,
        epilogue:
          "await Promise.all([1, 2, 3].flatMap((id) => [users.get('/' + id), orders.get('/' + id)]));",
        check: () => expect(crowd.most()).toBe(2),
      },
    ],
    'A thousand items': [
      {
        modules: () => ({
          'node:fs': { createReadStream: () => undefined },
          'node:readline': { createInterface: () => Readable.from(['ada', 'bob']) },
        }),
        check: ({ requests }) => expect(requests.map(({ url }) => url)).toEqual(['/users/ada', '/users/bob']),
        names: () => ({ batch, console: { log: () => undefined } }),
      },
    ],
    'A second copy of a slow request': [{ script: [stall(), ok], check: sends(2) }],
    'Failed connections only': [{ epilogue: "await client.post('/charges');", check: sends(1) }],
  },
  'docs/guide/recipes.md': {
    'Poll until a job is done': [
      {
        script: [answer(200, { state: 'pending' }), down, answer(200, { state: 'done' })],
        check: sends(3),
      },
    ],
    'A fresh token for every attempt': [
      {
        script: [down, ok],
        names: () => ({ getToken: tokenMaker() }),
        check: (run) => expect(header(run, 'authorization')).toEqual(['Bearer 1', 'Bearer 2']),
      },
    ],
    'Refresh a token once after a 401': [
      {
        script: [answer(401), ok],
        names: () => ({ refreshToken: async () => 'fresh' }),
        check: (run) => expect(header(run, 'authorization')).toEqual([undefined, 'Bearer fresh']),
      },
    ],
    'Shut down on SIGTERM': [
      {
        script: down,
        runtime: { clock: draining },
        names: () => ({ process: { once: (_name: string, end: () => void) => onSigterm.push(end) } }),
        epilogue: 'exports.server = server;',
        async check({ requests, exports }) {
          const server = exports.server as Server;
          if (!server.listening) await once(server, 'listening');
          const { port } = server.address() as AddressInfo;
          const closed = once(server, 'close');
          const visit = axios.get(`http://127.0.0.1:${port}`, { proxy: false, validateStatus: null });
          await draining.untilPending();
          for (const end of onSigterm) end();
          const { status, headers } = await visit;
          expect([status, headers.connection]).toEqual([503, 'close']);
          await closed;
          expect(requests).toHaveLength(1);
        },
      },
    ],
    'Stop when the caller hangs up': [
      {
        script: down,
        runtime: { clock: hungUp },
        epilogue: 'exports.app = app;',
        check: ({ requests, exports }) =>
          serving(exports.app, async (origin) => {
            const controller = new AbortController();
            const { signal } = controller;
            const visit = axios.get(`${origin}/page`, { proxy: false, signal }).catch(() => undefined);
            await hungUp.untilPending();
            controller.abort();
            await visit;
            await eventually(() => hungUp.pending === 0);
            expect(requests).toHaveLength(1);
          }),
      },
    ],
    'Count retries for metrics': [{ script: [down, ok] }],
    'A circuit breaker': [{ script: [down, ok], check: sends(2) }],
    React: [
      {
        script: down,
        modules: () => ({
          react: {
            useEffect: (effect: () => () => void) => void effects.push(effect),
            useState: () => [undefined, (state: unknown) => void states.push(state)],
          },
        }),
        runtime: { clock: leaving },
        async check({ requests, exports }) {
          (exports.useUser as (id: string) => unknown)('1');
          const unmount = effects.map((effect) => effect());
          await leaving.untilPending();
          for (const leave of unmount) leave();
          await leaving.advance(60_000);
          expect(requests).toHaveLength(1);
          expect(leaving.pending).toBe(0);
          expect(states).toEqual([]);
        },
      },
    ],
    'React Query': [{ script: [down, ok] }],
    'Offline in browsers': [
      {
        script: [down, ok],
        names: () => ({
          navigator: { onLine: false },
          addEventListener: (_type: string, listener: () => void) => listener(),
        }),
        check: sends(2),
      },
    ],
    NestJS: [
      {
        script: [down, ok],
        async check({ exports, requests, url }) {
          const axiosRef = axios.create({ baseURL: url, proxy: false });
          const Module = exports.ApiModule as new (http: unknown) => { onModuleInit(): void };
          new Module({ axiosRef }).onModuleInit();
          await axiosRef.get('/users/1');
          expect(requests).toHaveLength(2);
        },
      },
    ],
    'Next.js': [
      {
        script: [down, ok],
        async check({ exports, requests }) {
          await (exports.api as AxiosInstance).get('/users/1');
          expect(requests).toHaveLength(2);
        },
      },
    ],
    'AWS Lambda': [{ script: [down, ok], check: sends(2) }],
    'Your own transforms and a retried adapter': [
      {
        script: [down, ok],
        check: ({ requests }) =>
          expect(requests.map(({ text }) => text)).toEqual(['{"name":"Ada"}', '{"name":"Ada"}']),
      },
    ],
  },
  'docs/guide/retry-storms.md': { 'Retry storms': [{ script: [down, ok], check: sends(2) }] },
  'docs/guide/from-others.md': {
    'From p-retry, got and ky': [{ script: [down, ok], check: sends(2) }],
  },
  'docs/guide/questions.md': {
    Questions: [{ script: down, check: sends(1) }],
    'How do I switch retries off for one request?': [{ script: down, fails: true, check: sends(1) }],
    'How do I stop on one status?': [{ script: answer(500), fails: true, check: sends(1) }],
  },
};

/** The types of what the examples use and do not declare. */
export const ambient = `
declare const axios: import('axios').AxiosStatic;
declare const client: import('axios').AxiosInstance;
declare const batch: typeof import('axios-tenacity').batch;
declare const attachRetry: typeof import('axios-tenacity').attachRetry;
declare const logRetries: typeof import('axios-tenacity').logRetries;
declare const retryReport: typeof import('axios-tenacity').retryReport;
declare const order: { readonly id: number; readonly amount: number };
declare function getToken(): Promise<string>;
declare function refreshToken(): Promise<string>;
declare module '@nestjs/axios' {
  export class HttpService {
    readonly axiosRef: import('axios').AxiosInstance;
  }
}
declare module 'react' {
  export function useEffect(effect: () => (() => void) | void, dependencies?: readonly unknown[]): void;
  export function useState<State>(): [State | undefined, (state: State) => void];
}
`;
