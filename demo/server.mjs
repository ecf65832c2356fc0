/** A small server on 127.0.0.1 that fails on purpose, and keeps a ledger of what really reached it. */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

const json = (response, status, body, headers = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

const fail = (response, status, headers) => json(response, status, { error: status }, headers);

/** What to do with the nth request to a path. */
const routes = {
  'GET /catalogue': ({ response, visit }) =>
    visit <= 2 ? fail(response, 503) : json(response, 200, { items: 3 }),

  'GET /quota': ({ response, visit }) =>
    visit === 1 ? fail(response, 429, { 'retry-after': '1' }) : json(response, 200, { left: 99 }),

  'GET /flaky-link': ({ response, visit }) =>
    visit === 1 ? response.socket.resetAndDestroy() : json(response, 200, { ok: true }),

  'GET /slow-report': ({ response, visit }) => {
    if (visit > 1) return json(response, 200, { rows: 1_000 });
    const timer = setTimeout(() => json(response, 200, { rows: 1_000 }), 2_000);
    response.on('close', () => clearTimeout(timer));
  },

  'GET /big-file': ({ response, visit }) => {
    if (visit > 1) return json(response, 200, { whole: true });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
    response.write('{"whole":', () => setTimeout(() => response.socket?.end(), 20));
  },

  'GET /job': ({ response, visit }) =>
    json(response, 200, visit <= 2 ? { state: 'pending' } : { state: 'done' }),

  'GET /down': ({ response }) => fail(response, 503),

  'GET /maintenance': ({ response }) => fail(response, 503, { 'retry-after': '3600' }),

  // The charge is made, and then the connection breaks before the answer: once.
  'POST /charges/keyed': ({ response, visit, charge }) => {
    const made = charge();
    if (visit === 1) response.socket.resetAndDestroy();
    else json(response, 201, made);
  },

  'POST /charges/no-key': ({ response, charge }) => {
    charge();
    response.socket.resetAndDestroy();
  },

  'POST /charges/busy': ({ response, visit, charge }) =>
    visit === 1 ? fail(response, 429) : json(response, 201, charge()),

  'POST /charges/second-host': ({ response, charge }) => json(response, 201, charge()),
};

/** Starts the server; `ledger.charges` has a line for every charge made, whoever asked for it. */
export async function startServer() {
  const ledger = { requests: [], charges: [] };
  const byKey = new Map();

  const server = createServer(async (request, response) => {
    const route = `${request.method} ${request.url}`;
    const { 'idempotency-key': key } = request.headers;
    try {
      const body = await text(request);
      ledger.requests.push({ route, key });
      const visit = ledger.requests.filter((each) => each.route === route).length;
      const charge = () => {
        const known = byKey.get(key);
        if (known) return known;
        const made = { order: JSON.parse(body).order, number: ledger.charges.length + 1 };
        ledger.charges.push(made);
        if (key) byKey.set(key, made);
        return made;
      };
      const answer = routes[route] ?? (() => fail(response, 404));
      answer({ response, visit, charge });
    } catch {
      response.destroy();
    }
  });

  return {
    url: `http://127.0.0.1:${await listen(server)}`,
    ledger,
    close: () => close(server),
  };
}

/** The orders that were charged more than once. */
export function duplicatesIn({ charges }) {
  const orders = charges.map(({ order }) => order);
  return [...new Set(orders.filter((order, index) => orders.indexOf(order) !== index))];
}

/** An address on 127.0.0.1 that refuses connections: a port that was free a moment ago. */
export async function refusedUrl() {
  const server = createServer();
  const url = `http://127.0.0.1:${await listen(server)}`;
  await close(server);
  return url;
}

const listen = (server) =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server.address().port));
  });

const close = (server) =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
