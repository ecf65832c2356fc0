import axios, {
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import {
  attachRetry,
  type RetryHandle,
  type RetryOptions,
  type RetryReport,
  retryReport,
} from '../../lib/index.ts';
import { createEventClock, type EventClock } from './event-clock.ts';
import { scripted, type Turn } from './scripted.ts';

export const ORIGIN = 'https://api.example.com';

export interface Stage {
  readonly client: AxiosInstance;
  readonly clock: EventClock;
  readonly sent: readonly InternalAxiosRequestConfig[];
  readonly detach: () => void;
  /** Attaches anew, after whatever interceptors there are by now. */
  readonly attach: () => void;
  /** Registers a request interceptor inside: before the plugin. */
  readonly inside: (fulfilled: (config: InternalAxiosRequestConfig) => unknown) => void;
  /** Sends a GET, or what the config says, and lets all the time pass that it takes. */
  send(config?: AxiosRequestConfig, until?: number): Promise<Settled>;
  begin(config?: AxiosRequestConfig): Promise<Settled>;
}

interface Settled {
  readonly ok: boolean;
  readonly value: unknown;
  readonly status: number | undefined;
  readonly report: RetryReport | undefined;
  readonly at: number;
}

/** A client without a network and without chance, on a virtual clock. */
export function stage(turns: readonly Turn[], options: RetryOptions = {}): Stage {
  const clock = createEventClock();
  const { adapter, sent } = scripted(...turns);
  const client = axios.create({ adapter, baseURL: ORIGIN });
  const attach = (): RetryHandle =>
    attachRetry(client, { baseDelay: 100, jitter: 'none', ...options }, { clock, random: () => 0 });
  let handle = attach();
  const begin = (config: AxiosRequestConfig = {}): Promise<Settled> => {
    const settled = (ok: boolean) => (value: unknown) => {
      const { status, response } = value as AxiosResponse & { response?: AxiosResponse };
      return {
        ok,
        value,
        status: ok ? status : response?.status,
        report: retryReport(value),
        at: clock.monotonic(),
      };
    };
    return client.request({ url: '/', ...config }).then(settled(true), settled(false));
  };
  return {
    client,
    clock,
    sent,
    begin,
    detach: () => handle.detach(),
    attach() {
      handle = attach();
    },
    inside(fulfilled) {
      handle.detach();
      client.interceptors.request.use(fulfilled as never);
      handle = attach();
    },
    async send(config) {
      const sending = begin(config);
      await clock.run();
      return sending;
    },
  };
}
