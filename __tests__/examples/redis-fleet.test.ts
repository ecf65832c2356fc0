import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createClient } from 'redis';
import { root } from '../helpers/children.ts';
import { answer, closeServers, type Step, startServer } from '../helpers/server.ts';
import {
  copyExample,
  endPrograms,
  type Program,
  providedFor,
  removeProjects,
  start,
  until,
} from './project.ts';

/** A free port: Redis itself tells of none. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  await new Promise((done) => server.close(done));
  return port;
}

const script = `import { findRedis } from './scripts/redis-server.mjs'; console.log(findRedis()?.program ?? '');`;
const options = { cwd: root, encoding: 'utf8' } as const;
const program = execFileSync(process.execPath, ['--input-type=module', '-e', script], options).trim();

// What cannot be had is counted as skipped.
const describeHere = program && providedFor('redis-fleet') ? describe : describe.skip;

describeHere('a fleet of workers, over a Redis server', () => {
  let folder: string;
  let stop: () => Promise<unknown>;
  let url: string;
  let redis: ReturnType<typeof createClient>;

  beforeAll(async () => {
    folder = await copyExample('redis-fleet');
    const port = await freePort();
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
    const server = spawn(program, args, { stdio: 'ignore' });
    const ended = once(server, 'exit');
    url = `redis://127.0.0.1:${port}`;
    redis = createClient({ url });
    // Until the server listens.
    redis.on('error', () => undefined);
    stop = async () => {
      redis.destroy();
      server.kill();
      await ended;
    };
    await redis.connect();
  });
  afterEach(async () => {
    await endPrograms();
    await closeServers();
  });
  afterAll(async () => {
    await stop?.();
    removeProjects();
  });

  async function startWorkers(count: number, script: Step | readonly Step[]) {
    const api = await startServer(script);
    const env = { REDIS_URL: url, API_URL: api.url };
    const workers = Array.from({ length: count }, () => start(folder, ['src/worker.js'], env));
    for (const worker of workers) {
      await worker.says(/^ready$/m);
      await worker.says(/^fleet: connected$/m);
    }
    return { api, workers };
  }

  const all = (workers: readonly Program[]): string => workers.map(({ output }) => output).join('\n');

  it('keeps, all together, the pause that one of them was asked for', async () => {
    const arrivals: number[] = [];
    let isBusy = true;
    const { workers } = await startWorkers(3, (exchange) => {
      arrivals.push(performance.now());
      if (!isBusy) return answer(201)(exchange);
      isBusy = false;
      return answer(429, {}, { 'retry-after': 2 })(exchange);
    });
    await redis.rPush('jobs', 'first');
    await until(() => arrivals.length === 1);
    // Until all have heard.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await redis.rPush('jobs', ['second', 'third', 'fourth', 'fifth']);
    await Promise.race(workers.map((worker) => worker.says(/^done: first$/m)));
    await until(() => all(workers).match(/^done: /gm)?.length === 5);

    expect(arrivals).toHaveLength(6);
    const pauses = arrivals.slice(1).map((arrival) => arrival - (arrivals[0] as number));
    expect(Math.min(...pauses)).toBeGreaterThan(1_990);
  });

  const itOnUnix = process.platform === 'win32' ? it.skip : it;

  itOnUnix('gives the job at hand back on SIGTERM', async () => {
    const { api, workers } = await startWorkers(1, answer(503));
    await redis.rPush('jobs', 'late');
    const [worker] = workers as [Program];
    await worker.says(/retry/i);
    worker.signal('SIGTERM');
    expect(await worker.ended).toEqual([0, null]);
    expect(worker.output).toContain('failed: late: Request failed with status code 503');
    expect(await redis.lRange('jobs', 0, -1)).toEqual(['late']);
    const keys = api.requests.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys)).toEqual(new Set(['late']));
    await redis.del('jobs');
  });
});
