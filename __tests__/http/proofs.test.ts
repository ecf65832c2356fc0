import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent as HttpAgent } from 'node:http';
import { createServer as createHttp2Server, constants as http2, type ServerHttp2Stream } from 'node:http2';
import { Agent as HttpsAgent } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import axios, { type AxiosRequestConfig } from 'axios';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { failureOf } from '../../lib/failure/classify.ts';
import { type Failure, retryReport, retryTransport } from '../../lib/index.ts';
import { axiosSince } from '../helpers/axios-version.ts';
import { caught } from '../helpers/caught.ts';
import { key, otherHost } from '../helpers/certificates.ts';
import { createClient } from '../helpers/clients.ts';
import { closeServers, finAfterReading, resetAfterReading, startServer } from '../helpers/server.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
  await closeServers();
});

const post = { method: 'post', data: { a: 1 }, proxy: false } as const;

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A server that deals so with the first bytes of every connection; how many came tells whether they were tried again. */
async function raw(deal: (socket: Socket) => unknown): Promise<{ readonly port: number; count: number }> {
  const state = { port: 0, count: 0 };
  const server = createServer((socket) => {
    state.count += 1;
    socket.on('error', () => undefined);
    socket.once('data', () => deal(socket));
    cleanups.push(() => socket.destroy());
  });
  state.port = await listen(server);
  return state;
}

/** A port whose queue of connections is full: whoever connects waits. */
async function fullPort(): Promise<number> {
  const script =
    'import socket,time\ns=socket.socket()\ns.bind(("127.0.0.1",0))\ns.listen(0)\nprint(s.getsockname()[1],flush=True)\ntime.sleep(60)';
  const python = spawn('python3', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  cleanups.push(() => python.kill());
  const [line] = await once(python.stdout, 'data');
  const port = Number(String(line));
  const holders = [1, 2, 3, 4].map(() => connect(port, '127.0.0.1').on('error', () => undefined));
  cleanups.push(() => holders.map((holder) => holder.destroy()));
  await once(holders[0] as Socket, 'connect');
  await new Promise((resolve) => setTimeout(resolve, 100));
  return port;
}

const read = async (config: AxiosRequestConfig): Promise<Failure> => {
  const error = await caught(axios.request({ ...post, ...config }));
  return failureOf(error, error.config as never);
};

/** A resolver that fails so, in the next turn. */
const resolver = (code: string | undefined, syscall?: string) => (_: string, __: object, done: unknown) => {
  const error = Object.assign(new Error(`${syscall} ${code}`), code && { code }, syscall && { syscall });
  setImmediate(done as (error: Error) => void, error);
};

describe.each([undefined, 0])(
  'a POST over http that was never sent, with maxRedirects %p',
  (maxRedirects) => {
    const base = { adapter: 'http', ...(maxRedirects === 0 && { maxRedirects }) } as const;

    test.each([
      ['ESERVFAIL', 'queryA'],
      ['EREFUSED', 'queryAaaa'],
      ['ETIMEOUT', 'queryA'],
      ['ENOTFOUND', undefined],
      [undefined, undefined],
    ])('for its resolver says %s', async (code, syscall) => {
      const lookup = resolver(code, syscall) as never;
      const url = 'http://nowhere.example/';
      expect(await read({ ...base, url, httpAgent: new HttpAgent({ lookup }) })).toBe('unsent');
      const tls = new HttpsAgent({ lookup });
      expect(await read({ ...base, url: 'https://nowhere.example/', httpsAgent: tls })).toBe('unsent');
      expect(await read({ ...base, url, lookup })).toBe('unsent');
    });

    test.each([
      ['ends', (socket: Socket) => socket.end()],
      ['resets', (socket: Socket) => socket.resetAndDestroy()],
    ])('for the server %s the connection in the TLS handshake', async (_, deal) => {
      const { port } = await raw(deal);
      expect(await read({ ...base, url: `https://127.0.0.1:${port}/` })).toBe('unsent');
    });

    test('for the proxy resets the connection at CONNECT', async () => {
      const { port } = await raw((socket) => socket.resetAndDestroy());
      const httpsAgent = new HttpsProxyAgent(`http://127.0.0.1:${port}`);
      expect(await read({ ...base, url: 'https://127.0.0.1:8449/', httpsAgent })).toBe('unsent');
    });

    test('for it still connects when the timeout of axios strikes', async () => {
      const url = `http://127.0.0.1:${await fullPort()}/`;
      // An older axios leaves the socket connecting, and may send the request after all; without redirects it does not time out.
      if (!axiosSince('1.20.0') && maxRedirects === 0) return;
      const expected = axiosSince('1.20.0') ? 'unsent' : 'ambiguous';
      expect(await read({ ...base, url, timeout: 300 })).toBe(expected);
    });

    test('for it still connects when `attemptTimeout` strikes', async () => {
      const { client } = createClient({ ...base, baseURL: `http://127.0.0.1:${await fullPort()}` });
      const retry = { attemptTimeout: 300, maxAttempts: 2 };
      const error = await caught(client.post('/', {}, { retry }));
      expect(error.code).toBe('ETIMEDOUT');
      expect(failureOf(error, error.config as never)).toBe('unsent');
      expect(retryReport(error)?.attempts).toHaveLength(2);
    });
  },
);

describe.each([undefined, 0])('a POST over http that was sent, with maxRedirects %p', (maxRedirects) => {
  const base = { adapter: 'http', ...(maxRedirects === 0 && { maxRedirects }) } as const;
  const httpsAgent = new HttpsAgent({ rejectUnauthorized: false });

  test.each([
    ['ended', finAfterReading],
    ['reset', resetAfterReading],
  ])('is ambiguous when the connection is %s, with and without TLS', async (_, step) => {
    const tls = await startServer(step(), { key, cert: otherHost });
    expect(await read({ ...base, url: tls.url, httpsAgent })).toBe('ambiguous');
    expect(tls.requests).toHaveLength(1);
    const { url } = await startServer(step());
    expect(await read({ ...base, url })).toBe('ambiguous');
  });

  test('is ambiguous when the answer does not come in time', async () => {
    const server = await raw(() => undefined);
    expect(await read({ ...base, url: `http://127.0.0.1:${server.port}/`, timeout: 200 })).toBe('ambiguous');
    expect(server.count).toBe(1);
  });

  test('is ambiguous over a kept connection that turns out to be dead', async () => {
    const server = await startServer([({ response }) => response.end('x'), resetAfterReading()]);
    const httpAgent = new HttpAgent({ keepAlive: true });
    await axios.get(server.url, { ...base, httpAgent, proxy: false });
    expect(await read({ ...base, url: server.url, httpAgent })).toBe('ambiguous');
    expect(server.connections()).toBe(1);
    httpAgent.destroy();
  });
});

describe('a POST over fetch', () => {
  const isBound = axiosSince('1.20.0'); // An older axios ignores `maxRedirects` there.

  test('is unsent when the server ends the connection in the TLS handshake and no redirect is followed', async () => {
    const { port } = await raw((socket) => socket.end());
    const sent = { adapter: 'fetch', url: `https://127.0.0.1:${port}/` } as const;
    expect(await read({ ...sent, maxRedirects: 0 })).toBe(isBound ? 'unsent' : 'ambiguous');
    expect(await read(sent)).toBe('ambiguous');
  });

  test('is ambiguous when the server resets the connection there, which proves nothing', async () => {
    const { port } = await raw((socket) => socket.resetAndDestroy());
    const sent = { adapter: 'fetch', url: `https://127.0.0.1:${port}/`, maxRedirects: 0 } as const;
    expect(await read(sent)).toBe('ambiguous');
  });
});

describe('a POST over HTTP/2', () => {
  const since = axiosSince('1.21.0') ? describe : describe.skip;

  async function serve(deal: (stream: ServerHttp2Stream) => unknown): Promise<string> {
    const server = createHttp2Server();
    server.on('sessionError', () => undefined);
    server.on('session', (session) => cleanups.push(() => session.destroy()));
    server.on('stream', (stream) => {
      stream.on('error', () => undefined);
      deal(stream);
    });
    return `http://127.0.0.1:${await listen(server as unknown as Server)}/`;
  }

  const over2 = { adapter: 'http', httpVersion: 2 } as AxiosRequestConfig;

  since('of axios 1.21', () => {
    test.each<[string, number, Failure]>([
      ['REFUSED_STREAM', http2.NGHTTP2_REFUSED_STREAM, 'unsent'],
      ['INTERNAL_ERROR', http2.NGHTTP2_INTERNAL_ERROR, 'ambiguous'],
      ['ENHANCE_YOUR_CALM', http2.NGHTTP2_ENHANCE_YOUR_CALM, 'ambiguous'],
    ])('closed with %s', async (_, code, told) => {
      const url = await serve((stream) => stream.close(code));
      expect(await read({ ...over2, url })).toBe(told);
    });

    test('of a session that went away, of which nothing tells the last stream', async () => {
      const url = await serve(({ session }) => session?.goaway(http2.NGHTTP2_ENHANCE_YOUR_CALM, 0));
      expect(await read({ ...over2, url })).toBe('ambiguous');
    });

    test('that cannot connect, or not shake hands', async () => {
      const { port } = await raw((socket) => socket.end());
      expect(await read({ ...over2, url: `https://127.0.0.1:${port}/` })).toBe('unsent');
      expect(await read({ ...over2, url: 'http://nowhere.invalid/' })).toBe('unsent');
    });
  });
});

test('`retryTransport` sends again what was cut off in the TLS handshake', async () => {
  const server = await raw((socket) => socket.resetAndDestroy());
  const adapter = retryTransport({ maxAttempts: 3, baseDelay: 1 }, 'http');
  await caught(axios.request({ ...post, adapter, url: `https://127.0.0.1:${server.port}/` }));
  expect(server.count).toBe(3);
});

test('a POST is sent again when its resolver fails, and only then', async () => {
  let lookups = 0;
  const lookup = (name: string, options: object, done: unknown): void => {
    lookups += 1;
    resolver('ESERVFAIL', 'queryA')(name, options, done);
  };
  const httpAgent = new HttpAgent({ lookup: lookup as never });
  const { client } = createClient({ adapter: 'http', httpAgent }, { maxAttempts: 3 });
  const error = await caught(client.post('http://nowhere.example/', {}));
  expect(retryReport(error)).toMatchObject({ reason: 'max-attempts' });
  expect(lookups).toBe(3);
});
