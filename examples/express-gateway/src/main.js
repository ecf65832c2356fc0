import { app } from './app.js';
import { handle } from './client.js';
import { closeGently } from './close-gently.js';
import { logger } from './logger.js';

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  logger.info({ port: server.address().port }, 'listening');
});
const close = closeGently(server);

process.once('SIGTERM', () => {
  logger.info('SIGTERM: no new requests, no further retries');
  // Takes no new connections; the process ends when the last answer is sent.
  void close().then(() => logger.info('closed'));
  // A call that waits for its next attempt fails at once with its last outcome; one in flight finishes.
  handle.drain();
});
