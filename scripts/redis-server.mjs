// Starts Redis servers on free ports of 127.0.0.1, for tests, the demo and the bench. REDIS_SERVER names the program, such as
// valkey-server, if it is not on the path.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const started = new Set();
process.once('exit', () => {
  for (const server of started) server.remove();
});

const versionOf = (program) => {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 30_000 });
  return status === 0 ? stdout.trim() : undefined;
};

const find = () =>
  [process.env.REDIS_SERVER, 'redis-server', 'valkey-server'].find((name) => name && versionOf(name));

/**
 * `{ program, version }` of the server, from the distribution's package, which is installed when it is missing; `undefined` where it
 * cannot be had.
 */
export function findRedis() {
  const found = find() ?? (install() ? find() : undefined);
  return found && { program: found, version: versionOf(found) };
}

function install() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  console.error('Installing redis-server from the distribution');
  try {
    execFileSync(
      'sh',
      ['-c', 'apt-get update -q && apt-get install -qy --no-install-recommends redis-server'],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
        // At run level 1 the package does not start the server that it installs.
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
        timeout: 240_000,
      },
    );
    return true;
  } catch {
    return false;
  }
}

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A Redis server that keeps nothing, on a free port unless another is given; `args` are those of the program. */
export async function startRedis({ program, args = [], port, config }) {
  const server = new RedisServer(program, port ?? (await freePort()), args, config);
  await server.start();
  return server;
}

class RedisServer {
  #program;
  #args;
  #child;
  #folder = mkdtempSync(join(tmpdir(), 'axios-tenacity-redis-'));

  constructor(program, port, args, config) {
    this.#program = program;
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    const file = join(this.#folder, 'redis.conf');
    if (config) writeFileSync(file, config);
    const base = ['--port', String(port), '--bind', '127.0.0.1', '--dir', this.#folder, '--save', ''];
    this.#args = [...(config ? [file] : []), ...base, ...args];
    started.add(this);
  }

  /** Starts it, again after `kill`, and waits until it answers. */
  async start() {
    this.#child = spawn(this.#program, this.#args, { stdio: 'ignore' });
    const child = this.#child;
    child.once('error', () => undefined);
    for (let waited = 0; waited < 1_500; waited += 1) {
      if (child.exitCode !== null) throw new Error(`${this.#program} ended with ${child.exitCode}`);
      if (await answers(this.port)) return;
      await sleep(20);
    }
    throw new Error(`${this.#program} does not answer on port ${this.port}`);
  }

  /** Ends it at once, as a crash does. */
  async kill() {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Lets it stand still: connections stay open, and nothing is answered. */
  freeze() {
    this.#child.kill('SIGSTOP');
  }

  thaw() {
    this.#child.kill('SIGCONT');
  }

  /** Ends it for good. */
  remove() {
    started.delete(this);
    this.#child?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const answers = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const settle = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    // Also an error is an answer: a password is missing.
    socket.once('data', (data) => settle(/^(\+PONG|-NOAUTH|-NOPERM)/.test(String(data))));
    socket.once('error', () => settle(false));
    socket.setTimeout(1_000, () => settle(false));
  });
