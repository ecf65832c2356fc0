/** A jest reporter: the last line of a run is `N passed, N failed`. A suite that could not run is a failure. */
export default class Tally {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    // On exit, for jest puts its own summary after every reporter.
    process.once('exit', () => console.log(`\n${results.numPassedTests} passed, ${failed} failed`));
  }
}
