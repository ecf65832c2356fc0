// `npm run test:mutation -- [--write] [file …]`: Stryker, one file of lib at a time, each with the tests that concern it.
// Every file has a floor. The scores of all runs on this machine are kept in reports/mutation/scores.json; at the end the
// script prints them as a table, and with `--write` it puts that table into docs/mutation.md. `--table` runs nothing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = join(root, 'reports', 'mutation');
const scoresFile = join(reports, 'scores.json');
const page = join(root, 'docs', 'mutation.md');
const stryker = join(root, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');

/** How many times longer than usual a test and a mutant may take: for a machine that has much else to do. */
const patience = Number(process.env.PATIENCE ?? 1);

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

const settings = readJson(join(root, 'stryker.config.json'));

/** Mutants that do what the original does, by the text of both: `{ from, to: […], line?, why }` for each file. */
const EQUIVALENT = readJson(join(root, '__tests__', 'helpers', 'equivalent-mutants.json'));

/** The least share of the mutants of a file to be killed, in percent, by the folder of lib that the file is in. */
const FLOORS = {
  core: 90,
  failure: 90,
  hints: 90,
  limits: 90,
  options: 90,
  strategies: 90,
  adapters: 85,
  axios: 85,
  'axios-retry': 85,
  batch: 85,
  explain: 85,
  observe: 85,
  runtime: 85,
  testing: 85,
};

/** The tests of a file, as globs below __tests__. */
const FILES = {
  'core/attempt-log.ts': ['unit/core/attempt-log'],
  'core/decide.ts': ['unit/core/decide'],
  'core/describe.ts': ['unit/core/describe'],
  'core/full-url.ts': ['unit/core/full-url', 'unit/limits/origin'],
  'core/loop.ts': [
    'unit/core/loop',
    'unit/core/cooling',
    'unit/core/policy',
    'unit/axios/attach',
    'unit/axios/state',
    'unit/axios/replay',
    'http/hooks',
  ],
  'core/observe.ts': ['unit/core/observe'],
  'core/outcome.ts': ['unit/core/outcome'],
  'core/pacing.ts': ['unit/core/pacing'],
  'core/payment.ts': ['unit/core/payment'],
  'core/policy.ts': ['unit/core/policy'],
  'core/verdict.ts': ['unit/core/verdict'],

  'failure/causes.ts': ['unit/failure/causes'],
  'failure/classify.ts': ['unit/failure/failure-of', 'unit/failure/foreign-errors', 'unit/failure/words'],
  'failure/permanent.ts': ['unit/failure/permanent'],
  'failure/transient.ts': ['unit/failure/transient'],
  'failure/unsent.ts': ['unit/failure/*'],

  'hints/date.ts': ['unit/hints/date'],
  'hints/header.ts': ['unit/hints/header'],
  'hints/hints.ts': ['unit/hints/hints'],
  'hints/rate-limit.ts': ['unit/hints/rate-limit'],
  'hints/wait.ts': ['unit/hints/wait'],

  'limits/ask-budget.ts': ['unit/limits/ask-budget'],
  'limits/brand.ts': ['unit/limits/*', 'unit/options/options'],
  'limits/budget.ts': ['unit/limits/budget'],
  'limits/cooldown.ts': ['unit/limits/cooldown'],
  'limits/line.ts': ['unit/limits/cooldown'],
  'limits/origin.ts': ['unit/limits/origin'],
  'limits/semaphore.ts': ['unit/limits/semaphore'],
  'limits/throttle.ts': ['unit/limits/throttle'],

  'options/answers.ts': ['unit/options/answers'],
  'options/common-rules.ts': ['unit/options/common-rules'],
  'options/expected.ts': ['unit/options/expected'],
  'options/fields.ts': ['unit/options/fields'],
  'options/filled.ts': ['unit/limits/budget', 'unit/limits/throttle', 'unit/strategies/wait'],
  'options/rules.ts': ['unit/options/options'],
  'options/spellings.ts': ['unit/options/spellings'],

  'strategies/jitter.ts': ['unit/strategies/jitter'],
  'strategies/retry-if.ts': ['unit/strategies/retry-if'],
  'strategies/stop.ts': ['unit/strategies/stop'],
  'strategies/wait.ts': ['unit/strategies/wait'],

  'adapters/hedge.ts': ['unit/adapters/hedge'],
  'adapters/lane.ts': ['unit/adapters/hedge'],
  'adapters/latencies.ts': ['unit/adapters/latencies'],
  'adapters/limit-concurrency.ts': ['unit/adapters/limit-concurrency'],
  'adapters/retry-transport.ts': ['unit/adapters/retry-transport'],

  'axios/adapter.ts': [
    'unit/axios/adapter',
    'unit/adapters/limit-concurrency',
    'unit/adapters/retry-transport',
  ],
  'axios/attach.ts': ['unit/axios/attach', 'unit/axios/state', 'unit/axios/replay'],
  'axios/body.ts': ['unit/axios/body'],
  'axios/calm.ts': ['unit/axios/calm'],
  'axios/cancellation.ts': ['unit/axios/cancellation'],
  'axios/claims.ts': ['unit/axios/claims'],
  'axios/deadline.ts': ['unit/axios/deadline'],
  'axios/flight.ts': ['unit/axios/flight'],
  'axios/hold.ts': ['unit/axios/hold'],
  'axios/idempotency.ts': ['unit/axios/idempotency'],
  'axios/made-body.ts': ['unit/axios/made-body'],
  'axios/outcome.ts': ['unit/axios/outcome'],
  'axios/replay.ts': ['unit/axios/replay', 'unit/axios/attach', 'unit/axios/state'],
  'axios/report.ts': ['unit/axios/report'],
  'axios/rival.ts': ['unit/axios/rival'],
  'axios/snapshot.ts': ['unit/axios/snapshot'],
  'axios/state.ts': ['unit/axios/*'],
  'axios/times.ts': ['unit/axios/times'],
  'axios/unsent.ts': ['unit/axios/unsent'],

  'axios-retry/attach.ts': ['unit/axios-retry/*'],
  'axios-retry/config.ts': ['unit/axios-retry/*'],
  'axios-retry/delays.ts': ['unit/axios-retry/delays'],
  'axios-retry/policy.ts': ['unit/axios-retry/*'],
  'axios-retry/predicates.ts': ['unit/axios-retry/predicates'],

  'batch/batch.ts': ['unit/batch/*'],
  'batch/ending.ts': ['unit/batch/*'],
  'batch/entry.ts': ['unit/batch/*'],
  'batch/feed.ts': ['unit/batch/*'],
  'batch/ledger.ts': ['unit/batch/*'],
  'batch/pauses.ts': ['unit/batch/*'],
  'batch/payment.ts': ['unit/batch/batch'],
  'batch/pool.ts': ['unit/batch/*'],
  'batch/run.ts': ['unit/batch/*'],
  'batch/send.ts': ['unit/batch/*'],
  'batch/source.ts': ['unit/batch/source', 'unit/batch/batch'],
  'batch/verdict.ts': ['unit/batch/batch'],
  'batch/width.ts': ['unit/batch/width'],

  'explain/explain.ts': ['unit/explain/*'],
  'explain/schedule.ts': ['unit/explain/*'],
  'explain/text.ts': ['unit/explain/*'],
  'explain/warnings.ts': ['unit/explain/*'],

  'observe/address.ts': ['unit/observe/*'],
  'observe/duration.ts': ['unit/observe/duration'],
  'observe/entry.ts': ['unit/observe/*'],
  'observe/log.ts': ['unit/observe/*'],
  'observe/news.ts': ['unit/observe/news'],

  'runtime/abort.ts': ['unit/runtime/abort'],
  'runtime/clock.ts': ['unit/runtime/clock'],
  'runtime/race.ts': ['unit/runtime/race'],

  'testing/body-stream.ts': ['unit/testing/*'],
  'testing/lifelike-errors.ts': ['unit/testing/scripted-adapter*'],
  'testing/play.ts': ['unit/testing/scripted-adapter*'],
  'testing/random.ts': ['unit/testing/random'],
  'testing/scripted-adapter.ts': ['unit/testing/scripted-adapter*'],
  'testing/step.ts': ['unit/testing/scripted-adapter*'],
  'testing/virtual-clock.ts': ['unit/testing/virtual-clock'],
};

/** Files that only declare types or hand on what others export. */
const WITHOUT_LOGIC = [
  'options/options.ts',
  'core/task.ts',
  'axios-retry/commonjs.ts',
  'axios-retry/required.d.ts',
  'explain/explanation.ts',
  'batch/result.ts',
];

const floorOf = (file) => FLOORS[file.split('/')[0]];

/** Files of the folders that have a floor which stand in no list, and names in a list which are no file. */
function misplaced() {
  const present = Object.keys(FLOORS).flatMap((folder) =>
    readdirSync(join(root, 'lib', folder)).map((name) => `${folder}/${name}`),
  );
  const listed = [...Object.keys(FILES), ...WITHOUT_LOGIC];
  return [
    ...present.filter((file) => !listed.includes(file)).map((file) => `${file} is in no list`),
    ...listed.filter((file) => !present.includes(file)).map((file) => `${file} does not exist`),
  ];
}

/** Runs all mutants of a file; `undefined` when Stryker fails, as it does when a test fails without any mutant. */
function mutate(file) {
  const name = file.replaceAll(/[/.]/g, '-');
  const config = join(reports, `${name}.config.json`);
  const report = join(reports, `${name}.json`);
  const testMatch = FILES[file].map((glob) => `<rootDir>/__tests__/${glob}.test.ts`);
  const jest = {
    roots: ['<rootDir>/lib', '<rootDir>/__tests__'],
    testMatch,
    testTimeout: patience * 5_000,
    setupFilesAfterEnv: ['<rootDir>/scripts/stop-at-first-failure.cjs'],
    moduleNameMapper: {
      '^(\\.{1,2}/.+)\\.js$': '$1',
      '^fast-check$': '<rootDir>/scripts/few-runs.cjs',
    },
    // By its path, for its name leads to those few runs.
    globals: { FAST_CHECK: createRequire(import.meta.url).resolve('fast-check') },
  };
  writeFileSync(
    config,
    JSON.stringify({
      ...settings,
      mutate: [`lib/${file}`],
      timeoutMS: patience * settings.timeoutMS,
      jest: { ...settings.jest, config: jest },
      jsonReporter: { fileName: report },
      // Its own, so that two runs may be under way at once.
      tempDirName: `.stryker-tmp/${name}`,
    }),
  );
  const { status } = spawnSync(
    process.execPath,
    [stryker, 'run', config, '--logLevel', process.env.LOG ?? 'error'],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  return status === 0 ? read(file, report) : undefined;
}

/** What became of the mutants of a file. */
function read(file, report) {
  // A file in which there is nothing to change has no entry.
  const [{ mutants, source } = { mutants: [], source: '' }] = Object.values(readJson(report).files);
  const valid = mutants.filter(({ status }) => !['CompileError', 'RuntimeError', 'Ignored'].includes(status));
  const alive = valid.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  const survivors = alive.filter((mutant) => !isEquivalent(file, mutant, source));
  const timeouts = valid.filter(({ status }) => status === 'Timeout');
  return {
    all: valid.length,
    killed: valid.length - alive.length,
    equivalent: alive.length - survivors.length,
    survivors: survivors.map((mutant) => show(mutant, source)),
    timeouts: timeouts.map((mutant) => show(mutant, source)),
    idle: (EQUIVALENT[file] ?? []).filter((known) => !alive.some((mutant) => matches(known, mutant, source))),
  };
}

const percentOf = ({ all, killed, equivalent }) =>
  all === equivalent ? 100 : (100 * killed) / (all - equivalent);

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
const isEquivalent = (file, mutant, source) =>
  (EQUIVALENT[file] ?? []).some((known) => matches(known, mutant, source));

function matches({ from, to, line = '' }, mutant, source) {
  const [original, replacement] = [originalOf(mutant, source), inOneLine(mutant.replacement ?? '')];
  const at = source.split('\n')[mutant.location.start.line - 1] ?? '';
  return from === original && to.includes(replacement) && at.includes(line);
}

function show(mutant, source) {
  const covered = mutant.status === 'NoCoverage' ? '  (not covered)' : '';
  const [from, to] = [originalOf(mutant, source), inOneLine(mutant.replacement ?? '')].map(short);
  return `${mutant.location.start.line}: ${from}  →  ${to}${covered}`;
}

/** What a file of lib says, to see later whether a score is still about it. */
const digestOf = (file) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'lib', file)))
    .digest('hex')
    .slice(0, 12);

const readScores = () => (existsSync(scoresFile) ? readJson(scoresFile) : {});

/** Keeps a score; read anew each time, since two runs may be under way. */
function keep(file, { all, killed, equivalent, timeouts }) {
  const score = { all, killed, equivalent, timedOut: timeouts.length, digest: digestOf(file) };
  writeFileSync(scoresFile, `${JSON.stringify({ ...readScores(), [file]: score }, undefined, 2)}\n`);
}

function tell(file, outcome) {
  if (!outcome) {
    console.log(`✗ ${file}: no score, Stryker failed (LOG=info tells more)`);
    return;
  }
  const { all, killed, equivalent, survivors, timeouts, idle } = outcome;
  const mark = percentOf(outcome) >= floorOf(file) ? '✓' : '✗';
  console.log(
    `${mark} ${file}: ${percentOf(outcome).toFixed(1)} % (${killed} of ${all} mutants killed, ${equivalent} known to change nothing; floor ${floorOf(file)} %)`,
  );
  for (const survivor of survivors) console.log(`    ${survivor}`);
  // They count as killed, and on a machine with much else to do they need not be.
  for (const timeout of timeouts) console.log(`    timed out: ${timeout}`);
  for (const { from } of idle) console.log(`    listed as equivalent, and no such mutant survives: ${from}`);
}

/** The scores of all runs as lines of Markdown. */
function tableOf(scores) {
  const rows = Object.keys(FILES).map((file) => {
    const score = scores[file];
    if (!score) return `| \`${file}\` | not run | | | | ${floorOf(file)} % |`;
    const { all, killed, equivalent, timedOut, digest } = score;
    const percent = `${percentOf(score).toFixed(1)} %${digest === digestOf(file) ? '' : ' (of an earlier state)'}`;
    return `| \`${file}\` | ${percent} | ${killed} of ${all} | ${timedOut || ''} | ${equivalent || ''} | ${floorOf(file)} % |`;
  });
  return [
    '| file | score | killed | of these timed out | known to change nothing | floor |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

const [BEGIN, END] = ['<!-- scores: begin -->', '<!-- scores: end -->'];

/** Puts the table between its two marks on the page. */
function writeTable(table) {
  const [before, , after] = readFileSync(page, 'utf8').split(/<!-- scores: (?:begin|end) -->/);
  if (after === undefined) throw new Error(`${page} has no place for the table`);
  writeFileSync(page, `${before}${BEGIN}\n${table}\n${END}${after}`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean' }, table: { type: 'boolean' } },
});
mkdirSync(reports, { recursive: true });
const faults = [
  ...misplaced(),
  ...positionals.filter((file) => !FILES[file]).map((file) => `${file} has no entry`),
];
const wanted = positionals.length > 0 ? positionals.filter((file) => FILES[file]) : Object.keys(FILES);
const asked = values.table ? [] : wanted;
for (const file of asked.filter((name) => existsSync(join(root, 'lib', name)))) {
  const outcome = mutate(file);
  tell(file, outcome);
  if (outcome) keep(file, outcome);
  if (!outcome || percentOf(outcome) < floorOf(file)) faults.push(`${file} is below its floor`);
}
const scores = readScores();
if (values.table) {
  for (const file of Object.keys(FILES)) {
    if (!scores[file]) faults.push(`${file} was not run`);
    else if (percentOf(scores[file]) < floorOf(file)) faults.push(`${file} was below its floor`);
  }
}
const table = tableOf(scores);
if (values.write) writeTable(table);
console.log(`\n${table}\n\n${faults.length > 0 ? faults.join('\n') : 'All above their floors'}`);
process.exitCode = faults.length > 0 ? 1 : 0;
