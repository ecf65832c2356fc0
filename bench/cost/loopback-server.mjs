/** Answers every request on 127.0.0.1 at once, in a process of its own, so that only the client's CPU is counted. */
import { createServer } from 'node:http';

const body = JSON.stringify({ ok: true });
const server = createServer({ keepAliveTimeout: 600_000 }, (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());
