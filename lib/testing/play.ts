import type { AxiosHeaders, AxiosResponse } from 'axios';
import { isPlain, isStream } from '../axios/body.ts';
import { streamOf } from './body-stream.ts';
import {
  connectionError,
  cutOffError,
  type Flavour,
  type Sent,
  settle,
  streamCutOff,
  timeoutError,
} from './lifelike-errors.ts';
import { isError, type ResolvedStep, type ResponseStep } from './step.ts';

/** Answers a request by a step, or throws what the step says, as a real adapter would. */
export function play(step: ResolvedStep, sent: Sent, flavour: Flavour): AxiosResponse {
  if (isError(step)) throw step;
  if (step === 'timeout') throw timeoutError(sent, flavour);
  if (step === 'truncated') return truncate(answer({ status: 200 }, sent), flavour);
  if (typeof step === 'string') throw connectionError(step, sent, flavour);
  return settle(asAsked(answer(typeof step === 'number' ? { status: step } : step, sent), flavour));
}

const isStreamed = ({ config: { responseType } }: AxiosResponse): boolean => responseType === 'stream';

/** The response with a stream for its body, where the request asks for one. */
const asAsked = (response: AxiosResponse, flavour: Flavour): AxiosResponse =>
  isStreamed(response) && !isStream(response.data)
    ? { ...response, data: streamOf(response.data, flavour) }
    : response;

/** A response whose connection ends in mid-body: with a stream that is where the stream fails. */
function truncate(response: AxiosResponse, flavour: Flavour): AxiosResponse {
  if (!isStreamed(response)) throw cutOffError({ ...response, data: undefined }, flavour);
  return { ...response, data: streamOf('', flavour, streamCutOff(flavour)) };
}

function answer(
  { status, data, headers, retryAfter }: ResponseStep,
  { config, request }: Sent,
): AxiosResponse {
  const asJson = isJson(data);
  return {
    data: asJson ? JSON.stringify(data) : (data ?? ''),
    status,
    statusText: '',
    // Of the class that the instance knows, which may be that of another copy of axios.
    headers: new (config.headers.constructor as typeof AxiosHeaders)({
      ...(asJson && { 'content-type': 'application/json' }),
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
      ...inLowerCase(headers),
    }),
    config,
    request,
  };
}

/** Both adapters of Node give header names so. */
const inLowerCase = (headers: ResponseStep['headers'] = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

const isJson = (data: unknown): boolean =>
  Array.isArray(data) || isPlain(data) || typeof data === 'number' || typeof data === 'boolean';
