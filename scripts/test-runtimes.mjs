// Runs the smoke suite from the packed tarball, as ESM and as CommonJS, on every runtime that can be had, or on those named on the
// command line: `node scripts/test-runtimes.mjs deno node@22`. The runtimes come from npm, into a cache.
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runFormats } from '../__tests__/runtimes/smoke/run.mjs';
import { conclude, npm, provide, versionOf } from './provide.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { platform, arch } = process;
const isWindows = platform === 'win32';
const exe = isWindows ? '.exe' : '';

/** A Node of a major version: this one, when it is of that version, else from npm. */
function node(major) {
  if (process.versions.node.startsWith(`${major}.`)) return [process.execPath];
  const folder = provide('runtimes', `node-${isWindows ? 'win' : platform}-${arch}`, `${major}`);
  return folder && [join(folder, 'bin', `node${exe}`)];
}

function bun() {
  const system = isWindows ? 'windows' : platform;
  const folder = provide('runtimes', `@oven/bun-${system}-${arch === 'arm64' ? 'aarch64' : arch}`, 'latest');
  return folder && [join(folder, 'bin', `bun${exe}`)];
}

function deno() {
  const folder = provide(
    'runtimes',
    `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`,
    'latest',
  );
  return (
    folder && [join(folder, `deno${exe}`), 'run', '--allow-all', '--no-lock', '--node-modules-dir=manual']
  );
}

const runtimes = {
  'node@20': () => node(20),
  'node@22': () => node(22),
  'node@24': () => node(24),
  bun,
  deno,
};
const asked = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(runtimes);

const folder = mkdtempSync(join(tmpdir(), 'axios-tenacity-runtimes-'));
const total = { passed: 0, failed: 0, skipped: [] };
try {
  npm(['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const [tarball] = readdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  npm(['install', '--offline', '--legacy-peer-deps', `./${tarball}`], { cwd: folder });
  const axios = join(root, 'node_modules/axios');
  symlinkSync(axios, join(folder, 'node_modules/axios'), 'junction');
  console.log(`---- axios-tenacity ${versionOf(root)}, packed, with axios ${versionOf(axios)}`);

  for (const name of asked) {
    const command = runtimes[name]?.();
    if (!command) {
      total.skipped.push(`${name}: it could not be installed on ${platform}-${arch}`);
      continue;
    }
    for (const { format, passed, failed, output } of await runFormats(folder, command)) {
      console.log(`---- ${name} ${format}: ${passed} passed, ${failed} failed`);
      if (failed > 0) console.log(output.trim());
      total.passed += passed;
      total.failed += failed;
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
conclude(total);
