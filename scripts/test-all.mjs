// `npm run test:all`: everything that takes longer than `npm test` may. It runs every script of package.json whose name begins
// with `test:`, so that what is added there is not forgotten here, or those named on the command line:
// `npm run test:all -- test:docs test:soak`. What comes to nothing for lack of a network or a browser says so and is skipped.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { conclude, noticesOf, tallyOf } from './provide.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** This list itself; what `npm test` runs, too; and what takes hours. */
const APART = ['test:all', 'test:unit', 'test:mutation'];

const all = Object.keys(scripts).filter((name) => name.startsWith('test:') && !APART.includes(name));
const asked = process.argv.slice(2);

/** Runs a script, shows what it says, and answers how it went. */
function run(name) {
  const [command, ...first] = process.env.npm_execpath
    ? [process.execPath, process.env.npm_execpath]
    : ['npm'];
  const child = spawn(command, [...first, 'run', name], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    from.on('data', (chunk) => {
      to.write(chunk);
      if (from === child.stdout) output += chunk;
    });
  }
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ output, ended: signal ?? code }));
  });
}

const total = { passed: 0, failed: 0, notices: [] };
const summary = [];
for (const name of asked.length > 0 ? asked : all) {
  console.log(`\n==== ${name}`);
  const startedAt = performance.now();
  const { output, ended } = await run(name);
  const { passed, failed } = tallyOf(output) ?? { passed: 0, failed: 0 };
  // A script that ended badly without a failure in its tally is a failure of its own.
  const failures = ended === 0 ? failed : Math.max(1, failed);
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  total.passed += passed;
  total.failed += failures;
  total.notices.push(...noticesOf(output));
  summary.push(`${failures > 0 ? '✗' : '✓'} ${name}: ${passed} passed, ${failures} failed, ${seconds} s`);
}
console.log(`\n==== test:all\n${summary.join('\n')}`);
conclude(total);
