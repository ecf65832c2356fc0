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

/** Mutants that do what the original does, by the text of both: `{ from, to: […], line?, why }` for each file. */
const EQUIVALENT = JSON.parse(
  readFileSync(join(root, '__tests__', 'helpers', 'equivalent-mutants.json'), 'utf8'),
);

const CORE = 90;
const EDGE = 85;

const setupFilesAfterEnv = ['<rootDir>/scripts/stop-at-first-failure.cjs'];

/** The tests of a file, as globs below __tests__, and the least share of its mutants to be killed, in percent. */
const FILES = {
  'core/decide.ts': [CORE, 'unit/core/decide'],
  'core/verdict.ts': [CORE, 'unit/core/verdict'],
  'failure/transient.ts': [CORE, 'unit/failure/transient', 'unit/strategies/retry-if'],
  'strategies/stop.ts': [CORE, 'unit/strategies/stop'],
  'strategies/jitter.ts': [CORE, 'unit/strategies/jitter'],
  'strategies/wait.ts': [CORE, 'unit/strategies/wait'],
  'hints/header.ts': [CORE, 'unit/hints/*'],
  'hints/date.ts': [CORE, 'unit/hints/*'],
  'hints/hints.ts': [CORE, 'unit/hints/*'],
  'hints/rate-limit.ts': [CORE, 'unit/hints/*'],
  'hints/wait.ts': [CORE, 'unit/hints/*'],
  'limits/brand.ts': [CORE, 'unit/limits/*', 'unit/options/options'],
  'limits/budget.ts': [CORE, 'unit/limits/budget'],
  'options/numbers.ts': [CORE, 'unit/limits/*'],
  'limits/origin.ts': [CORE, 'unit/limits/origin'],
  'limits/semaphore.ts': [CORE, 'unit/limits/semaphore'],
  'limits/throttle.ts': [CORE, 'unit/limits/throttle'],
  'core/loop.ts': [
    CORE,
    'unit/core/loop-edges',
    'unit/axios/attach-edges',
    'unit/axios/replay',
    'http/hooks',
  ],
  'failure/classify.ts': [EDGE, 'unit/failure/classify'],
  'axios/body.ts': [EDGE, 'unit/axios/body', 'unit/axios/body-edges'],
  'axios/idempotency.ts': [EDGE, 'unit/axios/idempotency'],
  'axios/rival.ts': [EDGE, 'unit/axios/attach-edges', 'unit/axios/rival'],
  'axios/report.ts': [EDGE, 'unit/axios/report-edges', 'unit/axios/report'],
  'axios/cancellation.ts': [EDGE, 'unit/axios/cancellation'],
  'axios/deadline.ts': [EDGE, 'unit/axios/deadline'],
  'axios/adapter.ts': [
    EDGE,
    'unit/axios/adapter',
    'unit/adapters/limit-concurrency',
    'unit/adapters/retry-transport',
  ],
  'adapters/limit-concurrency.ts': [EDGE, 'unit/adapters/limit-concurrency'],
  'adapters/retry-transport.ts': [EDGE, 'unit/adapters/retry-transport'],
  'batch/verdict.ts': [EDGE, 'unit/batch/batch'],
  'batch/batch.ts': [EDGE, 'unit/batch/batch'],
  'testing/lifelike-errors.ts': [EDGE, 'unit/testing/scripted-adapter'],
  'testing/scripted-adapter.ts': [EDGE, 'unit/testing/scripted-adapter'],
  'axios/attach.ts': [EDGE, 'unit/axios/attach-edges', 'unit/axios/replay', 'unit/axios/attach'],
  'axios/replay.ts': [EDGE, 'unit/axios/replay', 'unit/axios/attach-edges'],
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
      jest: { ...settings.jest, config: { testMatch, testTimeout: 5_000, setupFilesAfterEnv } },
      jsonReporter: { fileName: report },
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
  if (status !== 0)
    return { file, floor, score: Number.NaN, killed: 0, all: 0, equivalent: 0, survivors: [], timeouts: [] };
  const { files } = JSON.parse(readFileSync(report, 'utf8'));
  const [{ mutants, source }] = Object.values(files);
  const valid = mutants.filter(({ status: is }) => !['CompileError', 'RuntimeError', 'Ignored'].includes(is));
  const alive = valid.filter(({ status: is }) => is === 'Survived' || is === 'NoCoverage');
  const survivors = alive.filter((mutant) => !isEquivalent(file, mutant, source));
  const killed = valid.length - alive.length;
  return {
    file,
    floor,
    killed,
    all: valid.length,
    equivalent: alive.length - survivors.length,
    score: valid.length === 0 ? 100 : (100 * killed) / (killed + survivors.length),
    survivors: survivors.map((mutant) => show(mutant, source)),
    timeouts: valid.filter(({ status: is }) => is === 'Timeout').map((mutant) => show(mutant, source)),
  };
}

const short = (text) => (text.length > 160 ? `${text.slice(0, 160)} …` : text);

const inOneLine = (text) => text.replaceAll(/\s+/g, ' ');

/** The code that a mutant replaces. */
function originalOf({ location: { start, end } }, source) {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return inOneLine(lines.join('\n'));
}

/** Whether it is known that a mutant does what the original does. */
function isEquivalent(file, mutant, source) {
  const known = EQUIVALENT[file] ?? [];
  const [original, replacement] = [originalOf(mutant, source), inOneLine(mutant.replacement ?? '')];
  const at = source.split('\n')[mutant.location.start.line - 1] ?? '';
  return known.some(
    ({ from, to, line = '' }) => from === original && to.includes(replacement) && at.includes(line),
  );
}

function show(mutant, source) {
  const covered = mutant.status === 'NoCoverage' ? '  (not covered)' : '';
  const [from, to] = [originalOf(mutant, source), inOneLine(mutant.replacement ?? '')].map(short);
  return `${mutant.location.start.line}: ${from}  →  ${to}${covered}`;
}

mkdirSync(reports, { recursive: true });
const asked = process.argv.slice(2);
let failures = 0;
for (const [file, plan] of Object.entries(FILES)) {
  if (!existsSync(join(root, 'lib', file)) || (asked.length > 0 && !asked.includes(file))) continue;
  const { floor, score, killed, all, equivalent, survivors, timeouts } = mutate(file, plan);
  const isEnough = score >= floor;
  if (!isEnough) failures += 1;
  console.log(
    `${isEnough ? '✓' : '✗'} ${file}: ${score.toFixed(1)} % (${killed} of ${all} mutants killed, ${equivalent} known to change nothing; floor ${floor} %)`,
  );
  for (const survivor of survivors) console.log(`    ${survivor}`);
  // They count as killed, and on a machine with much else to do they need not be.
  for (const timeout of timeouts) console.log(`    timed out: ${timeout}`);
}
console.log(failures > 0 ? `\n${failures} below their floor` : '\nAll above their floors');
process.exitCode = failures > 0 ? 1 : 0;
