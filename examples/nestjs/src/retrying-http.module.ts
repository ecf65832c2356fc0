import { type BeforeApplicationShutdown, type DynamicModule, Inject, Logger, Module } from '@nestjs/common';
import axios, { type CreateAxiosDefaults } from 'axios';
import { attachRetry, logRetries, type RetryHandle, type RetryOptions } from 'axios-tenacity';

/** The client: `constructor(@Inject(HTTP_CLIENT) private readonly http: AxiosInstance) {}` */
export const HTTP_CLIENT = Symbol('HTTP_CLIENT');
const RETRY_HANDLE = Symbol('RETRY_HANDLE');

export interface RetryingHttpOptions extends Omit<CreateAxiosDefaults, 'retry'> {
  /** The policy of every request; `config.retry` overrides it for one. */
  readonly retry?: RetryOptions;
}

/** Provides an axios client that retries, and makes no further retries once the application shuts down. */
@Module({})
export class RetryingHttpModule implements BeforeApplicationShutdown {
  constructor(@Inject(RETRY_HANDLE) private readonly handle: RetryHandle) {}

  static register({ retry, ...config }: RetryingHttpOptions): DynamicModule {
    const logger = new Logger('HttpClient');
    return {
      module: RetryingHttpModule,
      providers: [
        { provide: HTTP_CLIENT, useFactory: () => axios.create(config) },
        {
          provide: RETRY_HANDLE,
          inject: [HTTP_CLIENT],
          useFactory: (client) => attachRetry(client, { observe: logRetries(logger), ...retry }),
        },
      ],
      exports: [HTTP_CLIENT],
    };
  }

  /** Comes before the server closes: requests that wait for a retry would keep it open. */
  beforeApplicationShutdown(): void {
    this.handle.drain();
  }
}
