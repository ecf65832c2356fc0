/** An API that allows so many requests in any second, and answers 429 to more and to all during a rate limit. */
import { createServer } from 'node:http';

export async function startApi(allowed) {
  /** `{ at, id, status }` for each request. */
  const log = [];
  let recent = [];
  let limit = { from: Infinity, until: Infinity };

  const answer = (now) => {
    recent = [...recent.filter((at) => at > now - 1_000), now];
    if (now >= limit.from && now < limit.until) return [429, Math.ceil((limit.until - now) / 1_000)];
    return recent.length > allowed ? [429, 1] : [200];
  };
  const server = createServer((request, response) => {
    const at = Date.now();
    const [status, wait] = answer(at);
    log.push({ at, id: Number(request.headers['x-process']), status });
    response.writeHead(status, wait === undefined ? {} : { 'retry-after': String(wait) });
    response.end('{}');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    log,
    limit: (from, until) => {
      limit = { from, until };
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
