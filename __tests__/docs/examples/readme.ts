/** What the examples of the README run against, and what has to come of them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import axios, { type AxiosInstance } from 'axios';
import pino from 'pino';
import { attachRetry, type RetryRuntime } from '../../../lib/index.ts';
import { virtualClock } from '../../../lib/testing.ts';
import { fast } from '../../helpers/clients.ts';
import {
  answer,
  type Exchange,
  type RecordedRequest,
  refusedPort,
  resetAfterReading,
  type Step,
  stall,
} from '../../helpers/server.ts';

/** What was there after an example had run. */
interface Run {
  readonly requests: readonly RecordedRequest[];
  /** What went to `console.error`. */
  readonly errors: readonly string[];
  readonly client: AxiosInstance;
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
const leaving = virtualClock({ mode: 'manual' });

/** Deadlines come fifty times as early, and leave no timer behind. */
const hurried: RetryRuntime = {
  clock: {
    now: () => Date.now(),
    monotonic: () => performance.now() * 50,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 50)),
    alarm: (ms, signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms / 50);
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

let tokens = 0;

/** By heading, one for each block of TypeScript. */
export const scenarios: Readonly<Record<string, readonly Scenario[]>> = {
  'Ten lines': [
    {
      script: byPath({ '/users/1': [down, ok], '/charges': [resetAfterReading(), ok], '/down': [down] }),
      check(run) {
        const count = (path: string): number => run.requests.filter(({ url }) => url === path).length;
        expect(['/users/1', '/report', '/health', '/charges', '/down'].map(count)).toEqual([2, 1, 1, 2, 4]);
        const [key, ...others] = header(run, 'idempotency-key').filter(Boolean);
        expect(others).toEqual([key]);
        expect(run.errors).toEqual([expect.stringMatching(/^GET .+\/down attempt 4 of 4: 503, gave up/)]);
      },
    },
  ],
  'Why is a POST over fetch not repeated when the connection is refused?': [
    {
      async names(url) {
        const client = axios.create({ baseURL: `http://127.0.0.1:${await refusedPort()}` });
        attachRetry(client, { ...fast, beforeRetry: (config) => ({ ...config, baseURL: url }) });
        return { client };
      },
      check: sends(1),
    },
  ],
  Options: [{}],
  'How often: `maxAttempts`, `maxElapsedTime`, `stop`': [
    {
      script: byPath({
        '/report': [down, down, down, down, ok],
        '/wiki': [answer(503, '', { 'x-maintenance': 'until noon' })],
      }),
      check: sends(6),
    },
  ],
  'How long: `baseDelay`, `maxDelay`, `exponentialBase`, `jitter`, `wait`': [
    {
      script: [down, down, ok],
      runtime: { clock: waiting },
      check: () => expect(waiting.sleeps).toEqual([100, 3_500]),
    },
  ],
  'What is worth it: `statuses`, `retryIf`': [{ script: [answer(409), down, ok], check: sends(3) }],
  'Streams: `data`': [
    {
      script: [down, ok],
      modules: () => ({ 'node:fs': { createReadStream: (name: string) => Readable.from([name]) } }),
      check: ({ requests }) => expect(requests.map(({ text }) => text)).toEqual(['report.csv', 'report.csv']),
    },
  ],
  'Deadlines: `attemptTimeout`, `totalTimeout`': [{ script: stall(), runtime: hurried, check: sends(1) }],
  'Many requests: `throttle`, `budget`': [{ script: [down, down, down, ok], check: sends(6) }],
  'Watching: `observe`, `logRetries`': [
    {
      script: [down, answer(429, '', { 'retry-after': 30 }), resetAfterReading()],
      names: (_url, print) => ({ axios: axios.create(), console: { warn: print, error: print } }),
      fails: true,
    },
    { names: () => ({ axios: axios.create() }) },
  ],
  'Read a policy before production does: `explainPolicy`': [{}, {}],
  'What happened: the report': [{ script: [down, ok] }],
  'How do I retry a POST safely?': [
    {
      script: [resetAfterReading(), ok],
      check(run) {
        const [key] = header(run, 'idempotency-key');
        expect(header(run, 'idempotency-key')).toEqual([key, key]);
        expect(key).toMatch(/^[\da-f-]{36}$/);
      },
    },
    {
      script: [resetAfterReading(), ok],
      names: () => ({ order: { id: 7 } }),
      check: (run) => expect(header(run, 'x-idempotency-key')).toEqual(['order-7', 'order-7']),
    },
  ],
  'How do I obey a rate limit?': [
    {
      script: [answer(429, '', { 'retry-after': 590 }), ok],
      runtime: { clock: limited },
      check: () => expect(limited.sleeps[0]).toBeGreaterThanOrEqual(590_000),
    },
  ],
  'How do I retry on a 200 that says "not ready"?': [
    {
      script: [answer(200, { state: 'pending' }), down, answer(200, { state: 'done' })],
      check: sends(3),
    },
  ],
  'How do I refresh a token between attempts?': [
    {
      script: [down, ok],
      names: () => ({ getToken: async () => ++tokens }),
      async check(run) {
        await run.client.get('/me');
        expect(header(run, 'authorization')).toEqual(['Bearer 1', 'Bearer 2']);
      },
    },
    {
      script: [answer(401), ok],
      names: () => ({ refreshToken: async () => 'fresh' }),
      check: (run) => expect(header(run, 'authorization')).toEqual([undefined, 'Bearer fresh']),
    },
  ],
  'How do I change the host on a retry?': [
    {
      script: [down, ok],
      check: ({ requests }) => expect(requests.map(({ url }) => url)).toEqual(['/users/1', '/eu/users/1']),
    },
  ],
  'How do I stop on one status?': [{ script: answer(500), fails: true, check: sends(1) }],
  'How do I log every retry with pino?': [
    {
      script: [down, ok],
      modules: (print) => ({
        pino: () => pino({ base: null, timestamp: false }, { write: (line) => print(line.trim()) }),
      }),
    },
  ],
  'How do I see how often it retried?': [{ script: [down, ok] }],
  'How do I disable it for one call?': [{ script: down, fails: true, check: sends(1) }],
  'How do I use it with several instances?': [
    {
      script: byPath({ '/users/1': [down, ok], '/orders/1': [down, ok] }),
      epilogue: 'await Promise.all([users.get("/1"), orders.get("/1")]);',
      check: sends(4),
    },
  ],
  'How do I limit the retries of one incoming request?': [
    {
      script: down,
      epilogue: 'exports.app = app;',
      async check({ requests, exports }) {
        const server = createServer(exports.app as never);
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const { port } = server.address() as AddressInfo;
        const visit = (): Promise<unknown> => axios.get(`http://127.0.0.1:${port}/page`, { proxy: false });
        await visit();
        expect(requests).toHaveLength(3 + 2);
        await visit();
        expect(requests).toHaveLength(2 * (3 + 2));
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
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
  'How do I use it in React?': [
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
  'How do I use it beside a response unwrapper?': [{ script: [down, ok], check: sends(2) }],
  'How do I use it with a cache interceptor?': [{ script: [down, ok], check: sends(2) }],
  'Where do I attach?': [
    {
      script: down,
      async check({ client, errors, requests }) {
        await expect(client.get('/users/1')).rejects.toThrow('503');
        expect(requests).toHaveLength(4);
        expect(errors).toEqual(['Request failed with status code 503']);
      },
    },
  ],
  'How do I send fewer requests at once?': [
    {
      script: crowd.step,
      epilogue: "await Promise.all([1, 2, 3].flatMap((id) => [users.get('/' + id), orders.get('/' + id)]));",
      check: () => expect(crowd.most()).toBe(2),
    },
  ],
  'How do I repeat failed connections only?': [
    { epilogue: "await client.post('/charges');", check: sends(1) },
  ],
  'How do I send a thousand items and keep what worked?': [
    { script: byPath({ '/users/1': [down, ok], '/users/3': [answer(404)] }), check: sends(5) },
  ],
  'How do I retry in one layer only?': [{ script: down, fails: true, check: sends(4) }],
  'Coming from axios-retry or retry-axios': [{}],
};

/** The types of what the examples use and do not declare. */
export const ambient = `
declare const axios: import('axios').AxiosStatic;
declare const client: import('axios').AxiosInstance;
declare const attachRetry: typeof import('axios-tenacity').attachRetry;
declare const logRetries: typeof import('axios-tenacity').logRetries;
declare const retryReport: typeof import('axios-tenacity').retryReport;
declare const order: { readonly id: number; readonly amount: number };
declare function getToken(): Promise<string>;
declare function refreshToken(): Promise<string>;
declare module 'react' {
  export function useEffect(effect: () => (() => void) | void, dependencies?: readonly unknown[]): void;
  export function useState<State>(): [State | undefined, (state: State) => void];
}
`;
