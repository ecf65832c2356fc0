// For Stryker: fast-check with a tenth of its runs. A mutant that a property notices, it notices in the first few.
const fc = require(globalThis.FAST_CHECK);

const few = (parameters = {}) => ({ ...parameters, numRuns: Math.ceil((parameters.numRuns ?? 100) / 10) });

const sparing = { ...fc, assert: (property, parameters) => fc.assert(property, few(parameters)) };
module.exports = Object.assign(sparing, { __esModule: true, default: sparing });
