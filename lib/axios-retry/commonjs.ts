/** What `require()` gives: the function itself, which also carries the named exports and `default`. */
import axiosRetry, * as named from '../axios-retry.ts';

module.exports = axiosRetry;
// By name, so that tools which read CommonJS without running it see it.
module.exports.default = axiosRetry;
Object.defineProperty(Object.assign(axiosRetry, named), '__esModule', { value: true });
