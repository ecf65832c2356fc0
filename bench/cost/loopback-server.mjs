/**
 * A server on 127.0.0.1, in a process of its own, so that only the client's CPU is counted: answers `/down` with 503,
 * `/hang` never, everything else at once.
 */
import { createServer } from 'node:http';

const body = JSON.stringify({ ok: true });
const server = createServer({ keepAliveTimeout: 600_000, requestTimeout: 0 }, ({ url }, response) => {
  if (url === '/hang') return;
  const status = url === '/down' ? 503 : 200;
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 2_048 }, () => process.send(server.address().port));
process.on('disconnect', () => process.exit());
