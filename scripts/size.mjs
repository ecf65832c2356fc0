// What imports of the built package weigh in a bundle, minified and gzipped, axios aside, by two bundlers: the entries of
// .size-limit.json with their limits. `--by-part` prints what each part of `{ attachRetry }` weighs, `--json` is for tests.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { rolldown } from 'rolldown';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const entries = JSON.parse(readFileSync(join(root, '.size-limit.json'), 'utf8'));

const gzipped = (code) => gzipSync(code, { level: 9 }).length;

/** The bundle of one import, by esbuild. */
async function bundled(names, path, options) {
  const { outputFiles } = await build({
    stdin: { contents: `export ${names} from './${path}'`, resolveDir: root },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    external: ['axios'],
    tsconfigRaw: {},
    ...options,
  });
  return outputFiles[0].text;
}

async function bundledByRolldown(names, path) {
  const id = '\0entry';
  const entry = {
    name: 'entry',
    resolveId: (source) => (source === id ? id : null),
    load: (source) => (source === id ? `export ${names} from ${JSON.stringify(join(root, path))}` : null),
  };
  const bundle = await rolldown({ input: id, external: ['axios'], plugins: [entry] });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  await bundle.close();
  return output[0].code;
}

async function measure({ import: names, path, limit }) {
  const [esbuild, rolldown] = await Promise.all([
    bundled(names, path, { minify: true }),
    bundledByRolldown(names, path),
  ]);
  return {
    names,
    esbuild: gzipped(esbuild),
    rolldown: gzipped(rolldown),
    limit: Number.parseFloat(limit) * 1_000,
  };
}

/** Prints by how much the bundle shrinks without the code of a folder or a file, all else in place. */
async function printByPart() {
  const bundle = await bundled('{ attachRetry }', 'lib/index.ts');
  // esbuild writes the name of a file in front of what comes from it.
  const sections = bundle.split(/^(?=\/\/ (?:lib\/|<stdin>))/m);
  const fileOf = (section) => /^\/\/ lib\/(\S+)/.exec(section)?.[1] ?? '';
  const weigh = async (isLeftOut) => {
    const code = sections.filter((section) => !isLeftOut(fileOf(section))).join('');
    return gzipped((await transform(code, { minify: true, format: 'esm', target: 'es2022' })).code);
  };
  const whole = await weigh(() => false);
  const print = async (parts, isOf, indent) => {
    const weighed = await Promise.all(
      parts.map(async (part) => [part, whole - (await weigh((file) => isOf(file, part)))]),
    );
    for (const [part, bytes] of weighed.toSorted(([, a], [, b]) => b - a)) {
      console.log(`${indent}${String(bytes).padStart(6)} B  ${part}`);
    }
  };
  const files = [...new Set(sections.map(fileOf).filter(Boolean))];
  console.log(`{ attachRetry } from the sources: ${whole} B. It is smaller without a folder by`);
  await print([...new Set(files.map(dirname))], (file, folder) => dirname(file) === folder, '  ');
  console.log('and without a file by');
  await print(files, (file, other) => file === other, '  ');
}

if (process.argv.includes('--by-part')) await printByPart();
else {
  const measured = await Promise.all(entries.map(measure));
  if (process.argv.includes('--json')) console.log(JSON.stringify(measured));
  else console.table(Object.fromEntries(measured.map(({ names, ...sizes }) => [names, sizes])));
}
