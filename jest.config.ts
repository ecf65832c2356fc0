import type { Config } from 'jest';

// Set by `npm run test:axios`: the folder of the version of axios to test against.
const { AXIOS_DIR } = process.env;

// ts-jest checks no types here (`npm run types` does) and writes CommonJS, whatever tsconfig.json says for the build.
const config: Config = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.+)\\.js$': '$1',
    ...(AXIOS_DIR && { '^axios$': `${AXIOS_DIR}/dist/node/axios.cjs` }),
  },
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.cjs.json' }] },
  // What hangs ends; what is slow on a busy machine does not fail.
  testTimeout: 60_000,
  setupFilesAfterEnv: ['<rootDir>/scripts/retry-in-ci.cjs'],
  maxWorkers: 2,
  reporters: ['default', '<rootDir>/scripts/tally.mjs'],
};

export default config;
