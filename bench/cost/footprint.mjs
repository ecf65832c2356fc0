/** What a package weighs: time to import it, bytes in a bundle, bytes and packages in `node_modules`. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { compare } from './rounds.mjs';

const root = join(import.meta.dirname, '../..');

const imports = {
  'axios-retry': `export { default } from 'axios-retry';`,
  'retry-axios': `export { attach } from 'retry-axios';`,
  'axios-tenacity': `export { attachRetry } from 'axios-tenacity';`,
};

/** Bytes of the minified bundle, axios aside, and the same gzipped. */
function bundled(source) {
  const args = [
    '--bundle',
    '--minify',
    '--format=esm',
    '--target=es2022',
    '--external:axios',
    '--log-level=error',
  ];
  const esbuild = join(root, 'node_modules/.bin/esbuild');
  const code = execFileSync(esbuild, args, { cwd: root, input: source });
  return { min: code.length, gzip: gzipSync(code, { level: 9 }).length };
}

/** Milliseconds of CPU that loading takes in a fresh process that has axios already, as ESM or as CommonJS. */
function importTime(name, type) {
  const load = type === 'module' ? 'await import' : 'require';
  const script = `
    ${load}('axios');
    const before = process.cpuUsage();
    ${load}('${name}');
    const { user, system } = process.cpuUsage(before);
    console.log((user + system) / 1_000);`;
  return Number(execFileSync(process.execPath, [`--input-type=${type}`, '--eval', script], { cwd: root }));
}

const sizeOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);

/** Bytes on disk of a package and all it depends on, and how many packages that are. */
function installed(name) {
  if (name === 'axios-tenacity') {
    const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [{ unpackedSize }] = Object.values(JSON.parse(packed));
    return { bytes: unpackedSize, dependencies: 0 };
  }
  const folder = join(root, 'node_modules', name);
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const further = Object.keys(dependencies).map(installed);
  return {
    bytes: further.reduce((sum, { bytes }) => sum + bytes, sizeOf(folder)),
    dependencies: further.reduce((sum, one) => sum + one.dependencies + 1, 0),
  };
}

export async function measureFootprint() {
  const names = Object.keys(imports);
  const importTimes = (type) => {
    const times = Object.fromEntries(names.map((name) => [name, () => importTime(name, type)]));
    return compare(times, (time) => time(), { rounds: 15, warmUp: 1 });
  };
  const [esm, cjs] = [await importTimes('module'), await importTimes('commonjs')];
  return Object.fromEntries(
    names.map((name) => [
      name,
      { esm: esm[name], cjs: cjs[name], ...bundled(imports[name]), ...installed(name) },
    ]),
  );
}
