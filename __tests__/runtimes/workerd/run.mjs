// Runs the worker of this folder in Cloudflare's workerd, on 127.0.0.1.
import { spawn } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { startServer } from '../smoke/server.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The day whose behaviour the runtime gives; without Node's modules. */
const COMPATIBILITY_DATE = '2025-01-01';

const configOf = (port) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed "worker.bundle.js")],
      compatibilityDate = "${COMPATIBILITY_DATE}",
    )),
    (name = "internet", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`;

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Bundles the worker in a folder in which the package and axios are installed, and answers its tally. */
export async function runInWorkerd(folder, workerd) {
  const at = join(folder, 'workerd');
  cpSync(here, at, { recursive: true });
  await esbuild.build({
    entryPoints: [join(at, 'worker.js')],
    outfile: join(at, 'worker.bundle.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser', 'import'],
    mainFields: ['browser', 'module', 'main'],
    preserveSymlinks: true,
    logLevel: 'silent',
  });
  const port = await freePort();
  writeFileSync(join(at, 'config.capnp'), configOf(port));
  const server = await startServer();
  const child = spawn(workerd, ['serve', join(at, 'config.capnp')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said += text;
    });
  }
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    const results = await ask(`http://127.0.0.1:${port}/?server=${encodeURIComponent(server.url)}`);
    const failures = results.filter(([, problem]) => problem);
    const output = failures.map(([name, problem]) => `not ok: ${name}\n${problem}`).join('\n');
    return { passed: results.length - failures.length, failed: failures.length, output };
  } catch (error) {
    return { passed: 0, failed: 1, output: `${error.stack}\nworkerd said: ${said}` };
  } finally {
    child.kill();
    await ended;
    server.close();
  }
}

/** Asks until the worker listens, for a minute at most. */
async function ask(url) {
  for (let tries = 0; ; tries += 1) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(90_000) });
      if (!response.ok) throw new Error(`status ${response.status}: ${await response.text()}`);
      return await response.json();
    } catch (error) {
      if (error.cause?.code !== 'ECONNREFUSED' || tries > 120) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
