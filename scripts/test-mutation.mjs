// `npm run test:mutation [file …]`: Stryker, one file of lib at a time, each with the tests that concern it.
// Every file has a floor; the scores stand in docs/mutation.md.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = join(root, 'reports', 'mutation');
const stryker = join(root, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
const settings = JSON.parse(readFileSync(join(root, 'stryker.config.json'), 'utf8'));

const CORE = 90;
const EDGE = 85;

/** The tests of a file, as globs below __tests__, and the least share of its mutants to be killed, in percent. */
const FILES = {
  'decide.ts': [CORE, 'decide'],
  'retryable.ts': [CORE, 'retryable', 'combine'],
  'stop.ts': [CORE, 'stop'],
  'wait/jitter.ts': [CORE, 'wait/jitter'],
  'wait/strategies.ts': [CORE, 'wait/strategies'],
  'server/field-value.ts': [CORE, 'server/*'],
  'server/header.ts': [CORE, 'server/*'],
  'server/hints.ts': [CORE, 'server/*'],
  'server/http-date.ts': [CORE, 'server/*'],
  'server/rate-limit.ts': [CORE, 'server/*'],
  'server/retry-after.ts': [CORE, 'server/*'],
  'limits/brand.ts': [CORE, 'limits/*', 'options'],
  'limits/budget.ts': [CORE, 'limits/budget'],
  'limits/numbers.ts': [CORE, 'limits/*'],
  'limits/origin.ts': [CORE, 'limits/*', 'http-throttle'],
  'limits/semaphore.ts': [CORE, 'limits/semaphore'],
  'limits/throttle.ts': [CORE, 'limits/throttle'],
};

function mutate(file, [floor, ...tests]) {
  const name = file.replaceAll(/[/.]/g, '-');
  const config = join(reports, `${name}.config.json`);
  const report = join(reports, `${name}.json`);
  const testMatch = tests.map((glob) => `<rootDir>/__tests__/${glob}.test.ts`);
  writeFileSync(
    config,
    JSON.stringify({
      ...settings,
      mutate: [`lib/${file}`],
      jest: { ...settings.jest, config: { testMatch } },
      jsonReporter: { fileName: report },
      incremental: true,
      incrementalFile: join(reports, `${name}.incremental.json`),
    }),
  );
  const { status } = spawnSync(
    process.execPath,
    [stryker, 'run', config, '--logLevel', process.env.LOG ?? 'error'],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  if (status !== 0) return { file, floor, score: Number.NaN, survivors: [] };
  const { files } = JSON.parse(readFileSync(report, 'utf8'));
  const [{ mutants, source }] = Object.values(files);
  const valid = mutants.filter(({ status: is }) => !['CompileError', 'RuntimeError', 'Ignored'].includes(is));
  const survivors = valid.filter(({ status: is }) => is === 'Survived' || is === 'NoCoverage');
  const score = valid.length === 0 ? 100 : (100 * (valid.length - survivors.length)) / valid.length;
  return {
    file,
    floor,
    score,
    all: valid.length,
    survivors: survivors.map((mutant) => show(mutant, source)),
  };
}

function show({ location: { start, end }, replacement, status }, source) {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  const brief = (text) => text.replaceAll(/\s+/g, ' ').slice(0, 90);
  return `${start.line}: ${brief(lines.join('\n'))}  →  ${brief(replacement ?? '')}${status === 'NoCoverage' ? '  (not covered)' : ''}`;
}

mkdirSync(reports, { recursive: true });
const asked = process.argv.slice(2);
let failures = 0;
for (const [file, plan] of Object.entries(FILES)) {
  if (!existsSync(join(root, 'lib', file)) || (asked.length > 0 && !asked.includes(file))) continue;
  const { floor, score, all, survivors } = mutate(file, plan);
  if (!(score >= floor)) failures += 1;
  console.log(
    `${score >= floor ? '✓' : '✗'} ${file}: ${score.toFixed(1)} % of ${all} mutants killed (floor ${floor} %)`,
  );
  for (const survivor of survivors) console.log(`    ${survivor}`);
}
console.log(failures > 0 ? `\n${failures} below their floor` : '\nAll above their floors');
process.exitCode = failures > 0 ? 1 : 0;
