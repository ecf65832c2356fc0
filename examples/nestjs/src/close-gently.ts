import type { Server, ServerResponse } from 'node:http';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/**
 * Lets the server close once it has answered what it has taken. Nest closes it on SIGTERM, which leaves connections that are in
 * use, and a busy caller with a connection that is kept alive would go on for ever: from then on each answer says
 * `Connection: close`.
 */
@Injectable()
export class CloseGently implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly open = new Set<ServerResponse>();
  private isClosing = false;

  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    const server: Server = this.host.httpAdapter.getHttpServer();
    server.prependListener('request', (_request, response) => {
      this.open.add(response);
      response.once('close', () => this.open.delete(response));
      if (this.isClosing) response.setHeader('Connection', 'close');
    });
  }

  beforeApplicationShutdown(): void {
    this.isClosing = true;
    for (const response of this.open) if (!response.headersSent) response.setHeader('Connection', 'close');
  }
}
