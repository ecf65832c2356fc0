// The server of the chaos: bare TCP, so that no library mends what it breaks. It runs in a process of its own, keeps a ledger of
// every request by its id, and tells it when asked.
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { cert, key } from './certificate.mjs';
import { chanceOf, pick } from './chance.mjs';
import { FAULTS, faultFor, sleep } from './faults.mjs';

const REASONS = { 200: 'OK', 429: 'Too Many Requests', 503: 'Service Unavailable' };

/** Of the headers of a request, what must be the same on every attempt. */
const CHANGING = /^(connection|keep-alive|x-attempt|x-edited|traceparent)$/i;

const LOOP = 'a loop of redirects';

/** The sendings of a request by its id: `{ method, key, headers, body, isWhole, hasActed, fault, at, hop }`. */
const ledger = new Map();

/** Splits what a connection sends into requests. */
class Parser {
  #rest = Buffer.alloc(0);
  #left = 0;
  #isChunked = false;
  #inBody = false;

  constructor({ onHead, onBody, onEnd }) {
    Object.assign(this, { onHead, onBody, onEnd });
  }

  push(chunk) {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#step());
  }

  #step() {
    if (!this.#inBody) return this.#readHead();
    if (this.#isChunked) return this.#readChunk();
    const part = this.#rest.subarray(0, this.#left);
    this.#rest = this.#rest.subarray(part.length);
    this.#left -= part.length;
    if (part.length > 0) this.onBody(part);
    if (this.#left > 0) return false;
    return this.#end();
  }

  #end() {
    this.#inBody = false;
    this.onEnd();
    return true;
  }

  #readHead() {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const [first, ...lines] = this.#rest.subarray(0, end).toString('latin1').split('\r\n');
    this.#rest = this.#rest.subarray(end + 4);
    const headers = lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]);
    const byName = Object.fromEntries(headers);
    this.#isChunked = /chunked/i.test(byName['transfer-encoding'] ?? '');
    this.#left = Number(byName['content-length'] ?? 0);
    this.#inBody = true;
    const [method, url] = first.split(' ');
    this.onHead({ method, url, headers, byName });
    return true;
  }

  #readChunk() {
    const line = this.#rest.indexOf('\r\n');
    if (line < 0) return false;
    const size = Number.parseInt(this.#rest.subarray(0, line).toString('latin1'), 16);
    if (this.#rest.length < line + 2 + size + 2) return false;
    if (size > 0) this.onBody(this.#rest.subarray(line + 2, line + 2 + size));
    this.#rest = this.#rest.subarray(line + 2 + size + 2);
    return size > 0 || this.#end();
  }
}

/** What a fault can do to the connection. */
class Exchange {
  #socket;
  #chance;
  #draws = 0;

  constructor(socket, { id, url, method }, chance) {
    this.#socket = socket;
    this.#chance = chance;
    Object.assign(this, { id, url, method });
  }

  n = (below) => Math.floor(this.#chance(this.id, 'draw', this.#draws++) * Math.max(1, below));
  pick = (things) => things[this.n(things.length)];
  wait = (ms) => sleep(ms);
  write = (data) => this.#socket.writable && this.#socket.write(data, 'latin1');
  raw = (status, rest) => this.write(`HTTP/1.1 ${status} ${REASONS[status] ?? 'Whatever'}\r\n${rest}`);
  fin = () => this.#socket.end();
  // Only the socket below TLS can be reset.
  reset = () => (this.#socket._parent ?? this.#socket).resetAndDestroy();
  stopReading = () => this.#socket.pause();

  answer(status, value, headers = {}) {
    const body = value === '' ? '' : JSON.stringify(value);
    const lines = Object.entries(headers).map(([name, text]) => `${name}: ${text}\r\n`);
    this.raw(
      status,
      `Content-Type: application/json\r\n${lines.join('')}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${this.method === 'HEAD' ? '' : body}`,
    );
  }

  /** The address of a later hop of a redirect. */
  hop(count, then = 'fine') {
    return `/${this.id}?hop=${count}&then=${then}`;
  }

  /** Byte after byte; with `asBody` in a whole answer. */
  async drip(text, ms, asBody = false) {
    if (asBody) this.write(`HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n`);
    for (const char of text) {
      this.write(char);
      await sleep(ms);
    }
  }
}

/** Serves what came over a connection. */
function attend(socket, chance) {
  let entry;
  let fault;
  let exchange;
  const act = () => Promise.resolve(fault.act(exchange)).catch(() => undefined);
  const parser = new Parser({
    onHead({ method, url, headers, byName }) {
      const { pathname, searchParams } = new URL(url, 'http://x');
      const id = pathname.slice(1);
      const hop = searchParams.get('hop');
      const sent = ledger.get(id) ?? [];
      ledger.set(id, sent);
      const isLoop = !hop && sent.at(-1)?.fault === LOOP && sent.at(-1).loops < 60;
      const same = headers.filter(([name]) => !CHANGING.test(name)).map((pair) => pair.join(': '));
      entry = {
        method,
        key: byName['idempotency-key'],
        headers: same.sort(),
        body: '',
        isWhole: false,
        hasActed: false,
      };
      Object.assign(entry, {
        at: performance.timeOrigin + performance.now(),
        hop: Boolean(hop),
        fault: '',
        length: 0,
        loops: 0,
      });
      sent.push(entry);
      exchange = new Exchange(socket, { id, url, method }, (...words) => chance(...words, sent.length));
      if (hop) fault = laterHop(Number(hop), searchParams.get('then'));
      else {
        entry.fault = isLoop ? LOOP : faultFor(chance, id, sent.filter(({ hop }) => !hop).length);
        fault = FAULTS.get(entry.fault);
      }
      if (isLoop) Object.assign(entry, { loops: sent.at(-2).loops + 1, hop: true });
      if (fault.stage === 'early') void act();
    },
    onBody(part) {
      entry.body = (entry.body + part.toString('latin1')).slice(0, 5_000);
      entry.length += part.length;
    },
    onEnd() {
      entry.isWhole = true;
      if (fault.stage === 'early') return;
      // A method-preserving redirect hands the request on, and a GET that follows one changes nothing.
      entry.hasActed =
        fault.stage === 'late' && !/^(a chain|a redirect, and the target resets)/.test(entry.fault);
      void act();
    },
  });
  socket.on('data', (chunk) => parser.push(chunk));
}

function laterHop(hop, then) {
  if (hop > 1) return { stage: 'hop', act: (x) => x.answer(307, '', { location: x.hop(hop - 1, then) }) };
  if (then === '429')
    return { stage: 'hop', act: (x) => x.answer(429, { error: 429 }, { 'retry-after-ms': '5' }) };
  if (then === 'reset') return { stage: 'late', act: (x) => x.reset() };
  return { stage: 'late', act: (x) => x.answer(200, { id: x.id }) };
}

/** What happens to a connection before any request comes. */
const FLAKY = [
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.end(),
  (socket) => socket.pause(),
  (socket) => socket.write('HTTP/1.1 400 Unasked\r\nContent-Length: 0\r\n\r\n'),
  (socket) => setTimeout(() => socket.resetAndDestroy(), 3),
  (socket) => setTimeout(() => socket.end(), 3),
];

/** What happens to a TLS handshake once the client has said hello. */
const HANDSHAKES = [
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.end(),
  (socket) => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 40])),
  (socket) => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 112])),
  (socket) => socket.write('HTTP/1.1 400 Plain\r\nContent-Length: 0\r\n\r\n'),
  (socket) => socket.end(Buffer.from([0x16, 3, 3, 0, 40, 2, 0, 0, 36, 3, 3, 1, 2, 3])),
  () => undefined,
];

const listen = (server) =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', 1_024, () => resolve(server.address().port)));

const quiet = (socket) => socket.on('error', () => undefined);

export async function runServer(seed) {
  const chance = chanceOf(seed);
  let connections = 0;
  const plain = createServer({ allowHalfOpen: false }, (socket) => {
    quiet(socket);
    attend(socket, chance);
  });
  const secure = createTlsServer({ key, cert }, (socket) => {
    quiet(socket);
    attend(socket, chance);
  });
  secure.on('tlsClientError', () => undefined);
  const flaky = createServer((socket) => {
    quiet(socket);
    connections += 1;
    if (chance('connection', connections) < 0.5) attend(socket, chance);
    else pick(FLAKY, chance('flaky', connections))(socket);
  });
  const shaky = createServer((socket) => {
    quiet(socket);
    connections += 1;
    if (chance('connection', connections) < 0.5) secure.emit('connection', socket);
    else socket.once('data', () => pick(HANDSHAKES, chance('shaky', connections))(socket));
  });
  const ports = {
    plain: await listen(plain),
    flaky: await listen(flaky),
    shaky: await listen(shaky),
  };
  process.on('message', (question) => {
    // What came of the requests whose ids begin so; it is forgotten then.
    const { prefix, number } = question;
    const entries = [...ledger].filter(([id]) => prefix.some((start) => id.startsWith(start)));
    for (const [id] of entries) ledger.delete(id);
    process.send({ number, ledger: entries });
  });
  process.on('disconnect', () => process.exit());
  process.on('uncaughtException', (error) => {
    if (!/ECONNRESET|EPIPE|ECONNABORTED/.test(error.code)) console.error('the server of the chaos:', error);
  });
  process.send({ ports });
}
