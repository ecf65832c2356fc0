import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { ensureBuild, root } from '../helpers/children.ts';
import {
  answer,
  closeServers,
  type Exchange,
  resetAfterReading,
  type ScriptedServer,
  slowly,
  startServer,
} from '../helpers/server.ts';

/** What the gateway says of itself at its end. */
interface GatewayReport {
  readonly started: number;
  readonly settled: number;
  readonly handled: number;
  readonly answered: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly batch?: { readonly fulfilled: number; readonly rejected: number; readonly total: number };
  readonly isDraining: boolean;
  /** Milliseconds from its last answer to its end. */
  readonly sinceLastAnswer: number;
}

/** An API that fails in the ways that matter, and counts how often it acted. */
class FlakyUpstream {
  /** How often it acted, by path and id. */
  readonly acted = new Map<string, number>();
  readonly #visits = new Map<string, number>();
  readonly #byKey = new Set<string>();
  server!: ScriptedServer;

  async start(): Promise<void> {
    this.server = await startServer((exchange) => slowly(30, (same) => this.#deal(same))(exchange));
  }

  /** The requests that may not be repeated just so. */
  get posts() {
    return this.server.requests
      .filter(({ method }) => method === 'POST')
      .map((request) => ({
        name: nameOf(request),
        key: request.headers['idempotency-key'],
        attempt: Number(request.headers['x-attempt']),
        isDraining: request.headers['x-draining'] === 'yes',
      }));
  }

  #deal(exchange: Exchange): unknown {
    const { recorded } = exchange;
    const name = nameOf(recorded);
    const visit = (this.#visits.get(name) ?? 0) + 1;
    this.#visits.set(name, visit);
    const act = (): void => {
      const key = recorded.headers['idempotency-key'];
      if (recorded.method !== 'POST' || this.#byKey.has(String(key))) return;
      if (key) this.#byKey.add(String(key));
      this.acted.set(name, (this.acted.get(name) ?? 0) + 1);
    };
    const whims = visit > 2 ? [0] : [0, 1, 2, 3, 4, 0, 1];
    switch (whims[(sumOf(name) + visit) % whims.length]) {
      case 1:
        return answer(503)(exchange);
      case 2:
        return answer(429)(exchange);
      case 3:
        return resetAfterReading()(exchange);
      case 4:
        act();
        return resetAfterReading()(exchange);
      default:
        act();
        return answer(200)(exchange);
    }
  }
}

const nameOf = ({ url, text }: { readonly url: string; readonly text: string }): string =>
  text ? `${url}/${JSON.parse(text).id}` : url;

const sumOf = (text: string): number => [...text].reduce((sum, char) => sum + char.charCodeAt(0), 0);

/** Keeps some callers busy, each with one request at a time over connections that stay open, until nobody listens. */
class Load {
  sent = 0;
  /** Requests that got an answer. */
  answered = 0;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #progress = new EventEmitter();

  constructor(private readonly port: number) {}

  async run(callers: number, atMost: number): Promise<void> {
    const call = async (): Promise<void> => {
      while (this.sent < atMost) if (!(await this.#send())) return;
    };
    await Promise.all(Array.from({ length: callers }, call));
    this.#agent.destroy();
  }

  /** Resolves once so many requests got an answer. */
  async hasAnswers(count: number): Promise<void> {
    while (this.answered < count) await once(this.#progress, 'answer');
  }

  /** Sends one request; answers whether there was an answer. */
  async #send(): Promise<boolean> {
    this.sent += 1;
    const route = ['items', 'notes', 'orders'][this.sent % 3];
    const { port } = this;
    const options = { port, host: '127.0.0.1', agent: this.#agent, path: `/${route}/${this.sent}` };
    const request = httpRequest({ ...options, method: route === 'items' ? 'GET' : 'POST' }).end();
    try {
      const [response] = await once(request, 'response');
      await once(response.resume(), 'end');
      this.answered += 1;
      this.#progress.emit('answer');
      return true;
    } catch {
      return false;
    }
  }
}

/** Reads the lines of JSON that a process prints. */
async function* linesOf(child: ChildProcess): AsyncGenerator<Record<string, unknown>, void> {
  let rest = '';
  for await (const chunk of child.stdout as NodeJS.ReadableStream) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) yield JSON.parse(line);
  }
}

// Windows has no SIGTERM: there a process that is told to end is ended at once.
const describeHere = process.platform === 'win32' ? describe.skip : describe;

describeHere.each(['http', 'fetch'])('a gateway that is told to end under load, over %s', (adapter) => {
  const upstream = new FlakyUpstream();
  let load: Load;
  let report: GatewayReport;
  let ended: readonly [code: number | null, signal: string | null];
  let complaints = '';

  beforeAll(async () => {
    await ensureBuild();
    await upstream.start();
    const script = join(root, '__tests__/http/drain/gateway.mjs');
    const child = spawn(process.execPath, [script, upstream.server.url, adapter], { cwd: root });
    child.stderr.on('data', (chunk) => {
      complaints += chunk;
    });
    const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
    try {
      const lines = linesOf(child);
      const { value: first } = await lines.next();
      load = new Load(Number(first?.port));
      const loaded = load.run(24, 600);
      // By then some wait for a retry, some are in flight and some are done.
      await load.hasAnswers(60);
      child.kill('SIGTERM');
      const { value: last } = await lines.next();
      report = last as unknown as GatewayReport;
      ended = await exited;
      await loaded;
    } finally {
      child.kill('SIGKILL');
    }
  }, 60_000);

  afterAll(closeServers);

  it('ends by itself, without a complaint', () => {
    expect(ended).toEqual([0, null]);
    expect(complaints).toBe('');
    expect(report.isDraining).toBe(true);
  });

  it('ends within a second of its last answer', () => {
    expect(report.sinceLastAnswer).toBeLessThan(1_000);
  });

  it('settles every promise of the client, and answers every request that it has taken', () => {
    expect(report.started).toBeGreaterThan(100);
    expect(report.settled).toBe(report.started);
    expect(report.answered).toBe(report.handled);
    expect(load.answered).toBe(report.answered);
  });

  it('ends what waits for a retry, and makes no further one', () => {
    expect(report.reasons.detached).toBeGreaterThan(0);
    const late = upstream.server.requests.filter(({ headers }) => headers['x-draining']);
    expect(late.map(({ headers }) => headers['x-attempt'])).toEqual(late.map(() => '1'));
  });

  it('ends the batch, with every item in the result', () => {
    expect(report.batch?.total).toBe(2_000);
    expect(report.batch?.fulfilled).toBeGreaterThan(0);
    expect(report.batch).toMatchObject({ rejected: 2_000 - Number(report.batch?.fulfilled) });
  });

  it('lets no POST be done twice', () => {
    expect([...upstream.acted.values()].length).toBeGreaterThan(20);
    expect([...upstream.acted].filter(([, times]) => times > 1)).toEqual([]);
  });

  it('keeps the keys on all that is still sent', () => {
    const orders = upstream.posts.filter(({ name }) => name.startsWith('/orders/'));
    expect(orders.filter(({ isDraining }) => isDraining).length).toBeGreaterThan(0);
    expect(orders.filter(({ attempt }) => attempt > 1).length).toBeGreaterThan(0);
    const keys = new Map(orders.map(({ name, key }) => [name, key]));
    expect(orders.filter(({ name, key }) => !key || key !== keys.get(name))).toEqual([]);
    expect(new Set(keys.values()).size).toBe(keys.size);
  });
});
