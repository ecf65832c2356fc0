// The API that the tests send requests to, in a process of its own: `/good` answers 200, `/limited` 429 for 2 s from the first request
// on, and anything else is answered 503.
import { createServer } from 'node:http';

const LIMIT = 2_000;
const seen = new Map();
let limitedUntil;

const server = createServer((request, response) => {
  const now = Date.now();
  const path = request.url;
  if (path === '/seen') return response.end(JSON.stringify([...seen]));
  let status = path === '/good' ? 200 : 503;
  if (path === '/limited') {
    limitedUntil ??= now + LIMIT;
    const left = limitedUntil - now;
    status = left > 0 ? 429 : 200;
    if (left > 0) response.setHeader('Retry-After-Ms', String(left));
  }
  const key = `${path} ${status}`;
  seen.set(key, (seen.get(key) ?? 0) + 1);
  response.statusCode = status;
  return response.end('{}');
});
server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}`));
process.once('disconnect', () => process.exit());
