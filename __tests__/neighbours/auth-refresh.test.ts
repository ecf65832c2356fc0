import type { AxiosInstance, InternalAxiosRequestConfig } from 'axios';
import axios, { AxiosError } from 'axios';
import createAuthRefreshInterceptor from 'axios-auth-refresh';
import { attachRetry, retryReport } from '../../lib/index.ts';
import { createAround, orders } from '../helpers/around.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, fast } from '../helpers/clients.ts';
import { scripted } from '../helpers/scripted.ts';
import { answer, closeServers, type Step, startServer } from '../helpers/server.ts';

afterEach(closeServers);

/** What both refreshers work with: the token in use, and how to get another. */
interface Session {
  token: number;
  refresh(): Promise<void>;
  readonly refreshes: () => number;
}

function createSession(refresh: () => Promise<unknown> = async () => undefined): Session {
  let refreshes = 0;
  const session: Session = {
    token: 1,
    refreshes: () => refreshes,
    async refresh() {
      refreshes += 1;
      await refresh();
      session.token += 1;
    },
  };
  return session;
}

const authorize = (client: AxiosInstance, session: Session) => {
  client.interceptors.request.use(async (config) => {
    config.headers.set('Authorization', `Bearer ${session.token}`);
    return config;
  });
};

type Once = InternalAxiosRequestConfig & { isRepeated?: boolean };

/** As in most codebases: on a 401 refresh once, for all who wait, and send the request again. */
const handWritten = (session: Session) => (client: AxiosInstance) => {
  authorize(client, session);
  let refreshing: Promise<void> | undefined;
  client.interceptors.response.use(undefined, async (error: AxiosError) => {
    const config = error.config as Once | undefined;
    if (error.response?.status !== 401 || !config || config.isRepeated) throw error;
    refreshing ??= session.refresh().finally(() => {
      refreshing = undefined;
    });
    await refreshing;
    return client.request(Object.assign(config, { isRepeated: true }));
  });
};

/** The package of that name. */
const packaged = (session: Session) => (client: AxiosInstance) => {
  authorize(client, session);
  createAuthRefreshInterceptor(client, () => session.refresh());
};

/** Refuses the first token; deals with requests that carry a later one by these steps. */
const guarded = (...steps: readonly [Step, ...Step[]]): Step => {
  let number = 0;
  return (exchange) => {
    if (exchange.request.headers.authorization === 'Bearer 1') return answer(401)(exchange);
    number += 1;
    return (steps[Math.min(number, steps.length) - 1] as Step)(exchange);
  };
};

describe.each([
  ['a hand-written refresher', handWritten],
  ['axios-auth-refresh', packaged],
])('%s', (_, refresher) => {
  describe.each(adapters)('over %s', (adapter) => {
    describe.each(orders)('attached %s', (order) => {
      const create = (session: Session, baseURL: string, options = {}) =>
        createAround(order, refresher(session), options, { adapter, baseURL });

      test('refreshes the token once, and sends the request again with the new one', async () => {
        const server = await startServer(guarded(answer(200, { done: true })));
        const session = createSession();
        const response = await create(session, server.url).get('/');
        expect(response.data).toEqual({ done: true });
        expect(session.refreshes()).toBe(1);
        expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2']);
      });

      test('what is sent with the new token is retried', async () => {
        const server = await startServer(guarded(answer(503), answer(503), answer(200, { done: true })));
        const session = createSession();
        expect((await create(session, server.url).get('/')).data).toEqual({ done: true });
        expect(session.refreshes()).toBe(1);
        expect(server.requests).toHaveLength(4);
      });

      test('a token that expires between two attempts is refreshed', async () => {
        const server = await startServer([answer(503), guarded(answer(200, { done: true }))]);
        const session = createSession();
        expect((await create(session, server.url).get('/')).data).toEqual({ done: true });
        expect(session.refreshes()).toBe(1);
        expect(server.requests).toHaveLength(3);
      });

      test('a POST that was refused and then failed on the server is not sent a third time', async () => {
        const server = await startServer(guarded(answer(503)));
        const session = createSession();
        const error = await caught(create(session, server.url).post('/charges', { amount: 5 }));
        expect(error.response?.status).toBe(503);
        expect(server.requests.map(({ text }) => text)).toEqual(['{"amount":5}', '{"amount":5}']);
      });

      test('a POST with a key keeps it and its body through refresh and retries', async () => {
        const server = await startServer(guarded(answer(503), answer(201)));
        const session = createSession();
        const client = create(session, server.url, { idempotencyKey: true });
        expect((await client.post('/charges', { amount: 5 })).status).toBe(201);
        const keys = server.requests.map(({ headers }) => headers['idempotency-key']);
        expect(new Set(keys).size).toBe(1);
        expect(keys[0]).toBeDefined();
        expect(new Set(server.requests.map(({ text }) => text))).toEqual(new Set(['{"amount":5}']));
        expect(server.requests).toHaveLength(3);
      });

      test('a refresh that fails ends the request; it is retried by its own client only', async () => {
        const tokens = await startServer(answer(503));
        const auth = axios.create({ adapter, baseURL: tokens.url, proxy: false });
        attachRetry(auth, fast);
        const server = await startServer(guarded(answer(200)));
        const session = createSession(() => auth.get('/token'));
        const error = await caught(create(session, server.url).get('/'));
        expect(error).toBeInstanceOf(AxiosError);
        expect(tokens.requests).toHaveLength(3);
        expect(server.requests).toHaveLength(1);
      });

      test('a server that is down is asked as often as without it', async () => {
        const server = await startServer(answer(503));
        const session = createSession();
        const error = await caught(create(session, server.url).get('/'));
        expect(retryReport(error)).toMatchObject({ reason: 'max-attempts' });
        expect(server.requests).toHaveLength(3);
        expect(session.refreshes()).toBe(0);
      });
    });
  });
});

// axios-auth-refresh by itself lets all but the first of them fail.
describe.each(orders)('a hand-written refresher attached %s', (order) => {
  test('refreshes once for five requests that are refused at once', async () => {
    const server = await startServer(guarded(answer(503), answer(200)));
    const session = createSession(() => new Promise((resolve) => setTimeout(resolve, 300)));
    const client = createAround(order, handWritten(session), {}, { baseURL: server.url });
    const responses = await Promise.all([1, 2, 3, 4, 5].map((number) => client.get(`/${number}`)));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(session.refreshes()).toBe(1);
    expect(server.requests).toHaveLength(11);
  });
});

describe.each(orders)('axios-auth-refresh with `interceptNetworkError`, attached %s', (order) => {
  test('refreshes for what looks like a network failure of a browser, and gets in the way of no retry', async () => {
    const session = createSession();
    const fail = (config: InternalAxiosRequestConfig) =>
      Promise.reject(new AxiosError('Network Error', 'ERR_NETWORK', config, { status: 0 }));
    const { adapter, sent } = scripted(503, fail, fail, 200);
    const refresher = (client: AxiosInstance) => {
      authorize(client, session);
      createAuthRefreshInterceptor(client, () => session.refresh(), { interceptNetworkError: true });
    };
    const client = createAround(order, refresher, {}, { adapter });
    expect((await client.get('/')).status).toBe(200);
    expect(session.refreshes()).toBe(1);
    expect(sent).toHaveLength(4);
  });
});
