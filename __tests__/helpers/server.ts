import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** One request as it came over the wire. */
export interface RecordedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  /** The body as far as it was read when the step acted; empty for steps that act before reading. */
  readonly body: Buffer;
  /** `body` as UTF-8. */
  readonly text: string;
}

/** What a step has at hand. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly recorded: RecordedRequest;
  /** 1 for the first request to this server. */
  readonly number: number;
}

/** Deals with one request, after its body was read unless `beforeReading` is set. */
export interface Step {
  (exchange: Exchange): unknown;
  beforeReading?: boolean;
}

/** A scripted server on 127.0.0.1. */
export interface ScriptedServer {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Every request in the order of arrival: the ledger of what was really sent. */
  readonly requests: readonly RecordedRequest[];
  /** Connections accepted so far. */
  readonly connections: () => number;
  /** Connections open now. */
  readonly openSockets: () => number;
  close(): Promise<void>;
}

const running = new Set<ScriptedServer>();

/**
 * Starts a server that deals with the nth request by the nth step, and with all later ones by the last step. A single
 * step deals with every request.
 */
export async function startServer(
  script: Step | readonly Step[],
  tls?: { readonly key: string; readonly cert: string },
): Promise<ScriptedServer> {
  const steps = [script].flat() as readonly Step[];
  const requests: RecordedRequest[] = [];
  const sockets = new Set<Socket>();
  let arrived = 0;
  let connections = 0;

  const deal = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    arrived += 1;
    const number = arrived;
    const step = steps[Math.min(number, steps.length) - 1] as Step;
    const chunks: Buffer[] = [];
    const recorded: RecordedRequest = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      get body() {
        return Buffer.concat(chunks);
      },
      get text() {
        return this.body.toString();
      },
    };
    requests.push(recorded);
    try {
      if (!step.beforeReading) for await (const chunk of request) chunks.push(chunk as Buffer);
      await step({ request, response, socket: request.socket, recorded, number });
    } catch {
      // The client went away, or the step failed: either way there will be no answer.
      request.socket.destroy();
    }
  };

  const listener = (request: IncomingMessage, response: ServerResponse): void => void deal(request, response);
  const server: Server = tls ? (createTlsServer(tls, listener) as unknown as Server) : createServer(listener);
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const scripted: ScriptedServer = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    requests,
    connections: () => connections,
    openSockets: () => sockets.size,
    close() {
      running.delete(scripted);
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  running.add(scripted);
  return scripted;
}

/** Closes every server that still runs: for `afterEach`. */
export const closeServers = async (): Promise<void> => {
  await Promise.all([...running].map((server) => server.close()));
};

/**
 * A port on 127.0.0.1 that refuses connections, and is given to nobody else before `closeServers`: a connection of ours
 * goes out from it. (One in some thousand ports that were merely closed belongs to the next server.)
 */
export async function refusedPort(): Promise<number> {
  const { port } = await startServer(stall());
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  return socket.localPort as number;
}

type Headers = Readonly<Record<string, string | number | readonly string[]>>;

/** Answers; a body that is no string or buffer goes as JSON. */
export const answer =
  (status: number, body: unknown = { status }, headers: Headers = {}): Step =>
  ({ response }) => {
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
    const type = isRaw ? 'text/plain' : 'application/json';
    response
      .writeHead(status, { 'content-type': type, ...headers } as never)
      .end(isRaw ? body : JSON.stringify(body));
  };

/** Answers with what it received, as JSON: `{ method, url, headers, body }`. */
export const echo =
  (status = 200): Step =>
  ({ response, recorded: { method, url, headers, text } }) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ method, url, headers, body: text }));
  };

export const redirect = (location: string, status = 303): Step => answer(status, '', { location });

/** Resets the connection (RST) without reading the body. */
export const resetBeforeReading = (): Step =>
  Object.assign(({ socket }: Exchange) => void socket.resetAndDestroy(), { beforeReading: true });

/** Reads the whole request, then resets the connection (RST). */
export const resetAfterReading =
  (): Step =>
  ({ socket }) =>
    void socket.resetAndDestroy();

/** Reads the whole request, then ends the connection (FIN) without an answer. */
export const finAfterReading =
  (): Step =>
  ({ socket }) =>
    void socket.end();

/** Announces more than it sends, then ends the connection (FIN), or resets it. */
export const partialBody =
  (status = 200, how: 'end' | 'reset' = 'end', body = '{"half":'): Step =>
  ({ response, socket }) => {
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length + 100 });
    response.write(body, () =>
      setTimeout(() => (how === 'end' ? socket.end() : socket.resetAndDestroy()), 10),
    );
  };

/** Never answers. */
export const stall = (): Step => () => undefined;

/** Sends the headers and the start of a body, and then nothing more. */
export const stallAfterHeaders =
  (status = 200): Step =>
  ({ response }) => {
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': 1_000 });
    response.write('{"half":');
  };

/** Answers after so many milliseconds. */
export const slowly =
  (ms: number, step: Step): Step =>
  async (exchange) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return step(exchange);
  };

/** Writes these bytes to the socket in place of an HTTP answer, and ends the connection. */
export const rawAnswer =
  (bytes: string): Step =>
  ({ socket }) =>
    void socket.end(bytes);
