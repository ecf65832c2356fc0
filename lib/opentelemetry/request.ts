import type { InternalAxiosRequestConfig } from 'axios';
import { retryReport } from '../axios/report.ts';

/** What identifies a request of an attached client through all its attempts. */
export const requestOf = (config: InternalAxiosRequestConfig): object | undefined =>
  (config as { readonly retryState?: object }).retryState;

/** The number of the attempt that a config serves. */
export const attemptOf = (config: InternalAxiosRequestConfig): number | undefined => {
  const report = retryReport({ config });
  return report && report.attempts.length + report.omitted + 1;
};
