// In CI a test that failed runs again, twice at the most, and says so: many of them meet real sockets and real deadlines on a
// machine that is shared. A fault of the package fails every time.
if (process.env.CI) jest.retryTimes(2, { logErrorsBeforeRetry: true });
