import { relative } from 'node:path';
import { conclusionOf } from './provide.mjs';

/**
 * A jest reporter: the last line of a run is `N passed, N failed`; before it stand the tests that were skipped, and those that
 * passed only when they ran again. A suite that could not run is a failure.
 */
export default class Tally {
  #isFiltered;

  constructor({ testNamePattern }) {
    // What `-t` leaves out counts as skipped, too.
    this.#isFiltered = Boolean(testNamePattern);
  }

  onRunComplete(_contexts, results) {
    const notices = results.testResults.flatMap(({ testFilePath, testResults }) =>
      testResults.flatMap((test) => this.#noticeOf(relative(process.cwd(), testFilePath), test)),
    );
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const conclusion = conclusionOf({ passed: results.numPassedTests, failed, notices });
    // On exit, for jest puts its own summary after every reporter.
    process.once('exit', () => console.log(conclusion));
  }

  #noticeOf(file, { fullName, status, invocations }) {
    if (status === 'pending' && !this.#isFiltered) return [`!!!! SKIPPED: ${file}: ${fullName}`];
    if (status === 'passed' && invocations > 1)
      return [`!!!! RERUN: ${file}: ${fullName} (passed at try ${invocations})`];
    return [];
  }
}
