// Runs the smoke suite from the packed tarball, as ESM and as CommonJS, on every runtime that can be had, or on those named on the
// command line: `node scripts/test-runtimes.mjs deno node@22`; and what suits them on React Native's Hermes and on Cloudflare's workerd.
// The runtimes come from npm, into a cache.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileForHermes, runOnHermes } from '../__tests__/runtimes/hermes/run.mjs';
import { runFormats } from '../__tests__/runtimes/smoke/run.mjs';
import { runInWorkerd } from '../__tests__/runtimes/workerd/run.mjs';
import { conclude, npm, provide, versionOf } from './provide.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { platform, arch } = process;
const isWindows = platform === 'win32';
const exe = isWindows ? '.exe' : '';

/** A Node of a major version, or the newest: this one, when it is of that version, else from npm. */
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

/** A runtime that runs the smoke suite in both formats; `undefined` when it cannot be had. */
const smoke = (find) => () => {
  const command = find();
  return command && ((folder) => runFormats(folder, command));
};

/** The preset that an app of React Native is compiled with. Later ones need a later Node. */
const BABEL_PRESET = ['@react-native/babel-preset', '0.81.5'];

/** One compilation serves all engines. */
let program;

/** The bare Hermes of a version. */
const hermes = (version) => () => {
  const bin = { linux: 'linux64-bin', darwin: 'osx-bin', win32: 'win64-bin' }[platform];
  if (!bin || (platform === 'linux' && arch !== 'x64')) return undefined;
  const engine = provide('runtimes', 'hermes-engine-cli', version);
  const preset = engine && provide('runtimes', ...BABEL_PRESET);
  if (!preset) return undefined;
  return async (folder) => {
    program ??= compileForHermes(folder, preset);
    return [
      { format: 'script', ...(await runOnHermes(folder, join(engine, bin, `hermes${exe}`), await program)) },
    ];
  };
};

function workerd() {
  const system = isWindows ? 'windows' : platform;
  const folder = provide(
    'runtimes',
    `@cloudflare/workerd-${system}-${arch === 'x64' ? '64' : arch}`,
    'latest',
  );
  return (
    folder &&
    (async (project) => [
      { format: 'worker', ...(await runInWorkerd(project, join(folder, 'bin', `workerd${exe}`))) },
    ])
  );
}

const runtimes = {
  'node@20': smoke(() => node(20)),
  'node@22': smoke(() => node(22)),
  'node@24': smoke(() => node(24)),
  'node@latest': smoke(() => node('latest')),
  bun: smoke(bun),
  deno: smoke(deno),
  workerd,
  // Of React Native 0.70, and of 0.65.
  'hermes@0.12': hermes('0.12.0'),
  'hermes@0.8': hermes('0.8.1'),
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
  mkdirSync(join(folder, 'hermes'));
  console.log(`---- axios-tenacity ${versionOf(root)}, packed, with axios ${versionOf(axios)}`);

  for (const name of asked) {
    const run = runtimes[name]?.();
    if (!run) {
      total.skipped.push(`${name}: it could not be installed on ${platform}-${arch}`);
      continue;
    }
    for (const { format, passed, failed, output } of await run(folder)) {
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
