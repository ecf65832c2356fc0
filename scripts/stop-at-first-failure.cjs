// For Stryker, whose jest runner goes on after a failure: the first failed test settles what becomes of a mutant, so the rest
// of the run is not worth its time, least of all where every test would wait for its timeout.
const util = require('node:util');

// Built-in modules are the only thing that the test files of one run share.
const SETTLED = Symbol.for('axios-tenacity.settled-mutant');
const mutant = process.env.__STRYKER_ACTIVE_MUTANT__;

const stateOf = (scope) =>
  scope[Object.getOwnPropertySymbols(scope).find(({ description }) => description === 'JEST_STATE_SYMBOL')];

if (mutant !== undefined) {
  beforeEach(() => {
    if (util[SETTLED] === mutant) throw new Error('The mutant is known to be killed');
  });
  afterEach(() => {
    if (stateOf(globalThis)?.currentlyRunningTest?.errors.length > 0) util[SETTLED] = mutant;
  });
}
