// What the server of the chaos does to one request. Each fault gets an exchange: `head` and `body` write, `reset` and `fin` end the
// connection, `wait` sleeps, `n` draws a number below some bound. `EARLY` ones act on the headers alone, before the body is read.
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { pick } from './chance.mjs';

const HINTS = [
  '0', '1', '0.02', '-1', '1e9', 'abc', '', '   ', 'NaN', 'Infinity', '99999999999999999999', '0x10', '1,2', '0.05, 0.01',
  '١', 'Thu, 01 Jan 1970 00:00:00 GMT', 'Fri, 31 Dec 9999 23:59:59 GMT', 'tomorrow', '20ms', '0.03s', '6m0s', '-0', '+1',
  '2026-11-28T00:00:00Z', `${'9'.repeat(5_000)}`, `${'1,'.repeat(2_000)}`, '1 second', '0.1;q=1',
]; // biome-ignore format: a table

/** What a server that refuses sends along. */
function refusal({ pick: choose, n }) {
  const name = choose([
    'retry-after',
    'retry-after',
    'retry-after-ms',
    'x-ms-retry-after-ms',
    'ratelimit',
    'x-ratelimit-reset',
  ]);
  if (name === 'ratelimit')
    return { ratelimit: choose(['r=0;t=1', '"p";r=0;t=0', 'r=0;t=-5', 'r=0;t=1e99', ';;;', 'r=0']) };
  if (name === 'x-ratelimit-reset')
    return {
      [name]: choose(['1', '0', `${Math.floor(Date.now() / 1_000)}`, 'x']),
      'x-ratelimit-remaining': '0',
    };
  if (name === 'retry-after') return { [name]: choose(HINTS).replace(/[^\x20-\x7e]/g, '') };
  return { [name]: choose([`${n(40)}`, '1e3', '-7', '0', 'soon']) };
}

const status =
  (code, headersOf = () => ({})) =>
  (x) =>
    x.answer(code, { error: code }, headersOf(x));

/** The head of an answer with so many bytes of body. */
const okHead = (length, more = '') =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n${more}\r\n`;

/** Writes a part of a whole answer, then does something. */
const partOf = (cutAt, then) => async (x) => {
  const body = JSON.stringify({ id: x.id, filler: 'x'.repeat(x.n(2_000)) });
  const head = okHead(body.length);
  const text = head + body;
  const [from, to] = cutAt === 'head' ? [1, head.length] : [head.length, text.length];
  x.write(text.slice(0, from + x.n(to - from)));
  // Else the kernel may join the bytes and what follows.
  await x.wait(x.n(5));
  await then(x);
};

const reset = (x) => x.reset();
const fin = (x) => x.fin();
const silence = () => undefined;
const redirect = (code, target) => (x) => x.answer(code, '', { location: target(x) });

/** Before the body of the request is read. */
const EARLY = {
  'reset at the headers': reset,
  'FIN at the headers': fin,
  'reset in the request body': async (x) => {
    await x.wait(x.n(5));
    x.reset();
  },
  'never read': (x) => x.stopReading(),
  'an early 401, then FIN': async (x) => {
    x.raw(401, 'Connection: close\r\nContent-Length: 0\r\n\r\n');
    x.fin();
  },
  'an early 413, then reset': async (x) => {
    x.raw(413, 'Connection: close\r\nContent-Length: 0\r\n\r\n');
    await x.wait(2);
    x.reset();
  },
};

/** After the whole request was read: a server that does any of these may have acted. */
const LATE = {
  'reset without an answer': reset,
  'FIN without an answer': fin,
  'no answer': silence,
  'reset within the headers': partOf('head', reset),
  'FIN within the headers': partOf('head', fin),
  'headers that stop': partOf('head', silence),
  'reset within the body': partOf('body', reset),
  'FIN within the body': partOf('body', fin),
  'a body that stops': partOf('body', silence),
  'headers byte by byte': (x) => x.drip(`${okHead(2)}{}`, 2),
  'a body that drips': (x) => x.drip(JSON.stringify({ id: x.id, drip: 'x'.repeat(60) }), 3, true),
  'a body until FIN': (x) => {
    x.write(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"id":"${x.id}"}`);
    x.fin();
  },
  'chunks, the last missing': async (x) => {
    x.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n');
    await x.wait(2);
    x.fin();
  },
  'chunks, garbage': (x) => x.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n'),
  'chunks, a huge one': (x) =>
    x.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n{}\r\n'),
  'chunks with trailers': (x) =>
    x.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nRetry-After: 9\r\n\r\n'),
  'a storm of 1xx': (x) => {
    for (let n = 0; n < 200; n += 1)
      x.write(`HTTP/1.1 ${n % 2 ? '103 Early Hints' : '102 Processing'}\r\n\r\n`);
    x.answer(200, { id: x.id });
  },
  '1xx and nothing more': async (x) => {
    for (let n = 0; n < 40; n += 1) {
      x.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
      await x.wait(5);
    }
  },
  'an unasked 101': (x) =>
    x.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\nhello'),
  'a status line of garbage': (x) => x.write('\0\xff!! not http at all\r\n\r\n'),
  'another version': (x) => x.write('HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\n{}'),
  'status 000': (x) => x.write('HTTP/1.1 000 Nothing\r\nContent-Length: 2\r\n\r\n{}'),
  'status 999': (x) => x.write('HTTP/1.1 999 Denied\r\nContent-Length: 2\r\n\r\n{}'),
  'empty lines first': (x) => x.write(`\r\n\r\n${okHead(2)}{}`),
  'a length too long': async (x) => {
    x.write(`${okHead(500)}{"id":"`);
    await x.wait(3);
    x.fin();
  },
  'a length too short': (x) => x.write(`${okHead(2)}{}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{"a`),
  'a length that is none': (x) => x.write('HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}'),
  'two lengths': (x) => x.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n{}'),
  'a length and chunks': (x) =>
    x.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'),
  'gzip of garbage': (x) => x.write(`${okHead(8, 'Content-Encoding: gzip\r\n')}garbage!`),
  'gzip cut short': (x) => {
    const zipped = gzipSync(JSON.stringify({ id: x.id, filler: 'x'.repeat(5_000) }));
    const half = zipped.subarray(0, zipped.length >> 1);
    x.write(okHead(half.length, 'Content-Encoding: gzip\r\n'));
    x.write(half);
  },
  'gzip that is a megabyte': (x) => {
    const zipped = gzipSync(JSON.stringify({ id: x.id, filler: 'x'.repeat(1_000_000) }));
    x.write(okHead(zipped.length, 'Content-Encoding: gzip\r\n'));
    x.write(zipped);
  },
  'an encoding that nobody knows': (x) => x.write(`${okHead(2, 'Content-Encoding: rot13\r\n')}{}`),
  'headers of 100 kB': (x) => x.write(`${okHead(2, `X-Huge: ${'x'.repeat(100_000)}\r\n`)}{}`),
  '3,000 headers': (x) => x.write(`${okHead(2, 'X-Many: 1\r\n'.repeat(3_000))}{}`),
  'a header with control characters': (x) => x.write(`${okHead(2, 'X-Bad: a\0b\x01\r\n')}{}`),
  'JSON that is none': (x) => x.write(`${okHead(8)}{"half":`),
  'a 204 with a body': (x) => x.write('HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}'),
  'an unasked 304': (x) => x.write('HTTP/1.1 304 Not Modified\r\n\r\n'),
  'reset just after the answer': async (x) => {
    x.answer(200, { id: x.id });
    await x.wait(x.n(4));
    x.reset();
  },
  'a 408 on the idle connection': async (x) => {
    x.answer(200, { id: x.id });
    await x.wait(x.n(4));
    x.raw(408, 'Connection: close\r\nContent-Length: 0\r\n\r\n');
    x.fin();
  },
  'FIN just after the answer': (x) => {
    x.answer(200, { id: x.id });
    x.fin();
  },
  'a chain of redirects': redirect(307, (x) => x.hop(3)),
  'a loop of redirects': redirect(302, (x) => x.url),
  'a redirect to a dead port': redirect(303, (x) => `http://127.0.0.1:1/${x.id}`),
  'a redirect, and the target refuses': redirect(303, (x) => x.hop(1, '429')),
  'a redirect, and the target resets': redirect(307, (x) => x.hop(1, 'reset')),
  'a redirect out of http': redirect(302, (x) =>
    x.pick(['ftp://x/', 'javascript:0', 'http://[', '//', 'http://a b/']),
  ),
  'a redirect to nowhere': (x) => x.answer(302, ''),
  500: status(500),
  502: status(502),
  503: status(503),
  504: status(504),
  '503 with a hint': status(503, refusal),
  '500 with a veto': status(500, () => ({ 'x-should-retry': 'false' })),
  408: status(408),
  404: status(404),
  409: status(409),
  400: status(400),
};

/** A server that says it did not act. */
const REFUSING = {
  429: status(429),
  '429 with a hint': status(429, refusal),
  '429 with another hint': status(429, refusal),
  425: status(425),
  421: status(421),
  401: status(401),
  '403 with a hint': status(403, () => ({ 'retry-after': '0.02' })),
};

const serve = (x) => x.answer(200, { id: x.id });
const serveStale = (x) => x.answer(200, { id: x.id }, { 'retry-after-ms': '5' });

/** Every fault with its stage. */
export const FAULTS = new Map([
  ...Object.entries(EARLY).map(([name, act]) => [name, { act, stage: 'early' }]),
  ...Object.entries(LATE).map(([name, act]) => [name, { act, stage: 'late' }]),
  ...Object.entries(REFUSING).map(([name, act]) => [name, { act, stage: 'refusing' }]),
  ['fine', { act: serve, stage: 'late' }],
  ['fine with a hint', { act: serveStale, stage: 'late' }],
]);

const NAMES = [...FAULTS.keys()].filter((name) => !name.startsWith('fine'));

/** Which fault meets the nth sending of a request. */
export function faultFor(chance, id, n) {
  if (chance(id, n, 'well') < 0.3) return chance(id, n, 'hint') < 0.1 ? 'fine with a hint' : 'fine';
  if (chance(id, n, 'refused') < 0.15) return pick(Object.keys(REFUSING), chance(id, n, 'refusal'));
  return pick(NAMES, chance(id, n, 'fault'));
}

export { sleep };
