// `npm run test:types`: type-checks consumers of the packed package, declarations and all (`skipLibCheck: false`), under every
// TypeScript that is supported, by every way in which it finds a module, with and without the DOM, with the newest and the oldest axios.
// Every compiler has nodenext; the other ways go to the oldest and the newest that know them, and to the one of the lock file.
// `npm run test:types -- 7.0` leaves out all compilers but those whose version begins so.
import { execFile, execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { conclude, npm, provide, versionOf } from './provide.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const consumers = join(root, '__tests__/package/consumer');
const folder = mkdtempSync(join(tmpdir(), 'axios-tenacity-types-'));
const total = { passed: 0, failed: 0, skipped: [] };

const ownTypeScript = join(root, 'node_modules/typescript');
const compilers = [
  { version: '5.0.4' },
  { version: '5.4.5' },
  { version: '5.9.3' },
  { version: versionOf(ownTypeScript), at: ownTypeScript },
  { version: '7.0.2' },
].map((compiler) => ({ ...compiler, major: Number.parseFloat(compiler.version) }));

/** What every consumer is compiled with. */
const STRICT = {
  target: 'ES2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  skipLibCheck: false,
  rootDir: '.',
  outDir: 'out',
};
const DOM = { lib: ['ES2022', 'DOM'], types: [] };
const NODE = { lib: ['ES2022'], types: ['node'] };
const NODENEXT = { module: 'nodenext', moduleResolution: 'nodenext' };
const ALL = ['consumer', 'sub-paths', 'every-entry'];
const AT_ONCE = 2;

const ways = [
  {
    name: 'nodenext',
    under: [5, 5.4, 5.9, 6, 7],
    extensions: ['mts', 'cts'],
    options: { ...NODENEXT, ...DOM },
  },
  {
    name: 'nodenext, Node without DOM',
    under: [5, 6, 7],
    extensions: ['mts', 'cts'],
    options: { ...NODENEXT, ...NODE },
  },
  {
    name: 'node16',
    under: [5, 6],
    extensions: ['mts', 'cts'],
    options: { module: 'node16', moduleResolution: 'node16', ...DOM },
  },
  {
    name: 'bundler',
    under: [5, 6, 7],
    extensions: ['mts'],
    options: { module: 'esnext', moduleResolution: 'bundler', ...DOM },
  },
  {
    name: 'node10',
    // 6 warns of it, 7 has it no more.
    under: [5, 6],
    extensions: ['ts'],
    options: { module: 'commonjs', moduleResolution: 'node10', ...DOM },
    of: ({ major }) => (major < 6 ? {} : { ignoreDeprecations: '6.0' }),
  },
  {
    name: 'isolatedDeclarations',
    // From 5.5 on.
    under: [5.9, 7],
    extensions: ['mts', 'cts'],
    sources: ['isolated'],
    options: { ...NODENEXT, ...DOM, declaration: true, isolatedDeclarations: true },
  },
  {
    name: 'nodenext, axios 1.7.0',
    under: [5, 6],
    extensions: ['mts', 'cts'],
    axios: '1.7.0',
    options: { ...NODENEXT, ...DOM },
  },
];

/** Lays out a project that has the packed files, an axios and the other peers installed. */
function install(name, axios) {
  const project = join(folder, name);
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, '@opentelemetry'), { recursive: true });
  mkdirSync(join(modules, '@types'));
  cpSync(join(folder, 'package'), join(modules, 'axios-tenacity'), { recursive: true });
  symlinkSync(axios, join(modules, 'axios'), 'junction');
  for (const peer of ['@opentelemetry/api', '@types/node'])
    symlinkSync(join(root, 'node_modules', peer), join(modules, peer), 'junction');
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  return project;
}

/** Compiles; answers what the compiler complains of. */
async function compile(project, tsc, options, files) {
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files }));
  return promisify(execFile)(process.execPath, [tsc, '-p', project], { timeout: 300_000 }).then(
    () => '',
    (error) => String(error.stdout || error.stderr || error),
  );
}

/** A consumer of each extension, and with `declaration` a second one that reads the declarations of the first. */
async function check({ version, tsc }, { name, extensions, sources = ALL, options, extra }, base) {
  const project = join(base, `${version}-${name.replaceAll(/\W+/g, '-')}`);
  mkdirSync(project);
  const files = sources.flatMap((source) => extensions.map((extension) => `${source}.${extension}`));
  for (const file of files) {
    const source = file.replace(/\.[cm]?ts$/, '.ts');
    copyFileSync(join(consumers, source), join(project, file));
  }
  const all = { ...STRICT, ...options, ...extra };
  const complaints = await compile(project, tsc, all, files);
  if (complaints || !options.declaration) return complaints;
  const declarations = readdirSync(join(project, 'out')).filter((file) => /\.d\.[cm]ts$/.test(file));
  const { isolatedDeclarations, declaration, ...rest } = all;
  return compile(
    project,
    tsc,
    { ...rest, rootDir: 'out', outDir: 'again' },
    declarations.map((file) => `out/${file}`),
  );
}

try {
  npm(['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const [tarball] = readdirSync(folder);
  mkdirSync(join(folder, 'package'));
  execFileSync('tar', ['-xzf', join(folder, tarball), '-C', folder]);
  console.log(`---- axios-tenacity ${versionOf(root)}, packed`);

  const bases = { newest: install('newest', join(root, 'node_modules/axios')) };
  for (const { axios } of ways) {
    const old = axios && !bases[axios] && provide('axios-matrix', 'axios', axios);
    if (old) bases[axios] = install(`axios-${axios}`, old);
  }

  const games = [];
  const asked = process.argv.slice(2);
  for (const compiler of compilers) {
    if (asked.length > 0 && !asked.some((start) => compiler.version.startsWith(start))) continue;
    const at = compiler.at ?? provide('typescript', 'typescript', compiler.version);
    if (!at) {
      total.skipped.push(`TypeScript ${compiler.version}: it could not be installed`);
      continue;
    }
    const { bin } = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'));
    const known = { ...compiler, tsc: join(at, bin.tsc) };
    games.push(...ways.filter(({ under }) => under.includes(compiler.major)).map((way) => [known, way]));
  }

  const play = async (compiler, way) => {
    const base = bases[way.axios ?? 'newest'];
    if (!base) {
      total.skipped.push(`TypeScript ${compiler.version}, ${way.name}: axios could not be installed`);
      return;
    }
    const startedAt = performance.now();
    const complaints = await check(compiler, { ...way, extra: way.of?.(compiler) }, base);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    total[complaints ? 'failed' : 'passed'] += 1;
    console.log(`${complaints ? '✗' : '✓'} TypeScript ${compiler.version}, ${way.name} (${seconds} s)`);
    if (complaints) console.log(complaints.replaceAll(/^\S*[\\/]/gm, '').trim());
  };
  const work = async () => {
    for (let game = games.shift(); game; game = games.shift()) await play(...game);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
conclude(total);
