import type { Step } from './server.ts';

/** Answers with a body of `chunks` pieces, one every `ms` milliseconds: never idle, and long in all. */
export const drip =
  (status: number, chunks: number, ms = 10): Step =>
  async ({ response, socket }) => {
    response.writeHead(status, { 'content-type': 'text/plain' });
    for (let sent = 0; sent < chunks && !socket.destroyed; sent += 1) {
      response.write('drop ');
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
    response.end();
  };
