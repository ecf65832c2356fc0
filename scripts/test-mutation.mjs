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

/** Mutants that do what the original does, by the text of both: `{ from, to: […], why }` for each file. */
const EQUIVALENT = JSON.parse(readFileSync(join(root, '__tests__', 'mutants', 'equivalent.json'), 'utf8'));

const CORE = 90;
const EDGE = 85;

/** The tests of a file, as globs below __tests__, and the least share of its mutants to be killed, in percent. */
const FILES = {
  'decide.ts': [CORE, 'decide'],
  'retryable.ts': [CORE, 'retryable', 'combine'],
  'stop.ts': [CORE, 'stop'],
  'wait/jitter.ts': [CORE, 'wait/jitter', 'mutants/jitter'],
  'wait/strategies.ts': [CORE, 'wait/strategies', 'mutants/strategies'],
  'server/field-value.ts': [CORE, 'server/*'],
  'server/header.ts': [CORE, 'server/*'],
  'server/hints.ts': [CORE, 'server/*', 'mutants/hints'],
  'server/http-date.ts': [CORE, 'server/*'],
  'server/rate-limit.ts': [CORE, 'server/*', 'mutants/rate-limit'],
  'server/retry-after.ts': [CORE, 'server/*'],
  'limits/brand.ts': [CORE, 'limits/*', 'options'],
  'limits/budget.ts': [CORE, 'limits/budget'],
  'limits/numbers.ts': [CORE, 'limits/*'],
  'limits/origin.ts': [CORE, 'limits/origin'],
  'limits/semaphore.ts': [CORE, 'limits/semaphore'],
  'limits/throttle.ts': [CORE, 'limits/throttle'],
  'engine.ts': [CORE, 'mutants/engine', 'hooks', 'attach', 'http-budget'],
  'axios/failure.ts': [EDGE, 'axios/failure'],
  'axios/body.ts': [EDGE, 'axios/body'],
  'axios/idempotency.ts': [EDGE, 'http-idempotency'],
  'axios/layers.ts': [EDGE, 'axios/layers'],
  'axios/state.ts': [EDGE, 'report', 'mutants/state'],
  'axios/cancellation.ts': [EDGE, 'http-abort', 'axios/transport', 'axios/concurrency'],
  'axios/deadline.ts': [EDGE, 'http-deadlines'],
  'axios/attach.ts': [EDGE, 'attach', 'options', 'odd-outcomes', 'hooks', 'mock-adapter', 'http-throttle'],
  'axios/replay.ts': [
    EDGE,
    'attach',
    'hooks',
    'odd-outcomes',
    'report',
    'http-interceptors',
    'http-bodies',
    'http-idempotency',
    'http-deadlines',
  ],
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
    return { file, floor, score: Number.NaN, killed: 0, all: 0, equivalent: 0, survivors: [] };
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
  };
}

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
  return known.some(({ from, to }) => from === original && to.includes(replacement));
}

function show(mutant, source) {
  const covered = mutant.status === 'NoCoverage' ? '  (not covered)' : '';
  return `${mutant.location.start.line}: ${originalOf(mutant, source)}  →  ${inOneLine(mutant.replacement ?? '')}${covered}`;
}

mkdirSync(reports, { recursive: true });
const asked = process.argv.slice(2);
let failures = 0;
for (const [file, plan] of Object.entries(FILES)) {
  if (!existsSync(join(root, 'lib', file)) || (asked.length > 0 && !asked.includes(file))) continue;
  const { floor, score, killed, all, equivalent, survivors } = mutate(file, plan);
  const isEnough = score >= floor;
  if (!isEnough) failures += 1;
  console.log(
    `${isEnough ? '✓' : '✗'} ${file}: ${score.toFixed(1)} % (${killed} of ${all} mutants killed, ${equivalent} known to change nothing; floor ${floor} %)`,
  );
  for (const survivor of survivors) console.log(`    ${survivor}`);
}
console.log(failures > 0 ? `\n${failures} below their floor` : '\nAll above their floors');
process.exitCode = failures > 0 ? 1 : 0;
