import { type AxiosAdapter, AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';

/** What one attempt comes to: a status, or a function that answers or throws. */
export type Turn = number | ((config: InternalAxiosRequestConfig) => unknown);

export interface ScriptedAdapter {
  readonly adapter: AxiosAdapter;
  /** The configs as they were sent. */
  readonly sent: readonly InternalAxiosRequestConfig[];
}

/** An adapter without a network: the nth attempt comes to the nth turn, all later ones to the last. */
export function scripted(...turns: readonly Turn[]): ScriptedAdapter {
  const sent: InternalAxiosRequestConfig[] = [];
  const adapter: AxiosAdapter = async (config) => {
    sent.push(config);
    const turn = turns[Math.min(sent.length, turns.length) - 1];
    return typeof turn === 'function' ? ((await turn(config)) as AxiosResponse) : settle(turn ?? 200, config);
  };
  return { adapter, sent };
}

function settle(status: number, config: InternalAxiosRequestConfig): AxiosResponse {
  const response = { status, statusText: '', headers: {}, config, request: {}, data: { status } };
  if (config.validateStatus?.(status) ?? true) return response;
  const code = status >= 500 ? AxiosError.ERR_BAD_RESPONSE : AxiosError.ERR_BAD_REQUEST;
  throw new AxiosError(`Request failed with status code ${status}`, code, config, {}, response);
}
