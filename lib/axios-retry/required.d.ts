/** The types of what `require()` gives, which `commonjs.ts` makes: the function itself, which carries all else. */
import * as named from '../axios-retry.js';

declare const axiosRetry: named.AxiosRetry &
  Omit<typeof named, 'default'> & { readonly default: named.AxiosRetry };

declare namespace axiosRetry {
  type AxiosRetry = named.AxiosRetry;
  type IAxiosRetryConfig = named.IAxiosRetryConfig;
  type IAxiosRetryConfigExtended = named.IAxiosRetryConfigExtended;
  type IAxiosRetryReturn = named.IAxiosRetryReturn;
}

export = axiosRetry;
