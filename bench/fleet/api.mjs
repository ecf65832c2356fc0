/**
 * The API of the bench, in a process of its own: it allows 1.5 times the normal rate in any second and answers 429 above it; it can be
 * told of a rate limit, during which it answers 429 with the time that is left, and of an outage, during which it answers 503.
 */
import { createServer } from 'node:http';

const [normal] = process.argv.slice(2).map(Number);
const ALLOWED = 1.5;

let trouble;
/** When each attempt came, and how it was answered: `[ms since the epoch, status]`. */
const log = [];
let recent = [];

function answer(now) {
  recent = recent.filter((at) => at > now - 1_000);
  recent.push(now);
  if (trouble && now < trouble.until) {
    const left = Math.ceil((trouble.until - now) / 1_000);
    return trouble.kind === 'limit' ? [429, left] : [503];
  }
  return recent.length > ALLOWED * normal ? [429, 1] : [200];
}

const server = createServer((_request, response) => {
  const now = Date.now();
  const [status, wait] = answer(now);
  log.push([now, status]);
  response.writeHead(status, wait === undefined ? {} : { 'retry-after': String(wait) });
  response.end('{}');
});
server.listen(0, '127.0.0.1', 4_096, () =>
  process.send({ url: `http://127.0.0.1:${server.address().port}` }),
);

process.on('message', (message) => {
  if (message.trouble) trouble = { kind: message.trouble, until: Date.now() + message.ms };
  if (message.tell) process.send({ log });
});
process.once('disconnect', () => process.exit());
