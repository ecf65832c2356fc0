/** Checked by `tsc`, never run: the types of the drop-in stand beside those of axios-retry, and in their place. */
import type { AxiosError, AxiosRequestConfig } from 'axios';
import type * as original from 'axios-retry';
import { expectTypeOf } from 'expect-type';
import axiosRetry, {
  type AxiosRetry,
  type DEFAULT_OPTIONS,
  type IAxiosRetryConfig,
  type IAxiosRetryConfigExtended,
  type IAxiosRetryReturn,
  isNetworkError,
  linearDelay,
  retryAfter,
} from '../../../lib/axios-retry.ts';

expectTypeOf<IAxiosRetryConfig>().toEqualTypeOf<original.IAxiosRetryConfig>();
expectTypeOf<IAxiosRetryConfigExtended>().toEqualTypeOf<original.IAxiosRetryConfigExtended>();
expectTypeOf<IAxiosRetryReturn>().toEqualTypeOf<original.IAxiosRetryReturn>();
expectTypeOf<typeof DEFAULT_OPTIONS>().toEqualTypeOf<typeof original.DEFAULT_OPTIONS>();
expectTypeOf(axiosRetry).toEqualTypeOf<AxiosRetry>();
expectTypeOf<AxiosRetry>().toExtend<original.AxiosRetry>();
expectTypeOf<AxiosRequestConfig['axios-retry']>().toEqualTypeOf<IAxiosRetryConfigExtended | undefined>();

expectTypeOf(isNetworkError).toExtend<(error: AxiosError) => boolean>();
expectTypeOf(linearDelay(50)).toExtend<NonNullable<IAxiosRetryConfig['retryDelay']>>();
expectTypeOf(retryAfter).toExtend<typeof original.retryAfter>();
