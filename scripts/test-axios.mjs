// Runs the behaviour tests of the axios edge against the oldest, a middle and the newest axios of the peer range, or against
// the versions named on the command line. `AXIOS_DIR` tells jest.config.ts which axios to use. The version of the lock file is the
// one that `npm test` runs with, and is not run once more.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { conclude, noticesOf, provide, tallyOf, versionOf } from './provide.mjs';

const asked = process.argv.slice(2);
const versions = asked.length > 0 ? asked : ['1.7.0', '~1.12.0', '^1.7.0'];
const locked = versionOf(fileURLToPath(new URL('../node_modules/axios', import.meta.url)));
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const edge = '__tests__/(http/|unit/(axios|axios-retry|adapters|batch|failure|testing|context))';
// The testing kit imitates the errors of the newest axios; that the others' are understood is what the rest tests.
const imitation = '^(?!.*looks like the real one)';

const total = { passed: 0, failed: 0, skipped: [], notices: [] };
for (const range of versions) {
  const folder = provide('axios-matrix', 'axios', range);
  if (!folder) {
    total.skipped.push(`axios ${range}: it could not be installed`);
    continue;
  }
  const version = versionOf(folder);
  if (asked.length === 0 && version === locked) {
    console.log(`\n---- axios ${version} is the one that npm test runs with`);
    continue;
  }
  console.log(`\n---- axios ${version}, adapters http and fetch`);
  const { passed, failed, notices } = await run(
    [edge, ...(range.startsWith('^') ? [] : ['-t', imitation])],
    folder,
  );
  console.log(`---- axios ${version}: ${passed} passed, ${failed} failed`);
  total.passed += passed;
  total.failed += failed;
  total.notices.push(...notices.map((notice) => `${notice} (axios ${version})`));
}
conclude(total);

/** Runs jest and answers its tally; a run without one says how it ended, and is a failure. */
function run(args, axios) {
  const env = { ...process.env, AXIOS_DIR: axios };
  const child = spawn(process.execPath, [jest, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      const tally = tallyOf(output);
      const { passed, failed } = tally ?? { passed: 0, failed: 1 };
      const isOdd = !tally || (code !== 0 && failed === 0);
      if (isOdd) console.log(`!!!! jest ended with ${signal ?? code}, having said:\n${output}`);
      resolve({ passed, failed: isOdd ? Math.max(1, failed) : failed, notices: noticesOf(output) });
    });
  });
}
