// In CI a test that meets real sockets and failed runs again, twice at the most: such a machine is shared, and now and then it
// loses a connection or sleeps through a deadline. Pure tests, properties and the ledger never run again: what fails there once is
// a fault. What passed only when it ran again is named at the end (scripts/tally.mjs).
const MEETS_SOCKETS = /__tests__[\\/](http|neighbours|runtimes|redis|telemetry)[\\/]/;

if (process.env.CI && MEETS_SOCKETS.test(expect.getState().testPath))
  jest.retryTimes(2, { logErrorsBeforeRetry: true });
