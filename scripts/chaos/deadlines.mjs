// A thread that is busy around every edge of a deadline: an answer that came in time is read, and one that never comes fails with the
// deadline, not before it and not much after it.
import { Worker } from 'node:worker_threads';
import axios from 'axios';
import { attachRetry } from '../../dist/esm/index.js';
import { chanceOf } from './chance.mjs';

/** Answers, in a thread of its own, after as many milliseconds as the path says, however busy this thread is; `/never` not at all. */
const SERVER = `
  const { createServer } = require('node:http');
  const { gzipSync } = require('node:zlib');
  const { parentPort } = require('node:worker_threads');
  const bodies = { small: 'fine', large: 'x'.repeat(100000), gzip: gzipSync('fine'.repeat(1000)) };
  const server = createServer((request, response) => {
    const [, after, body] = request.url.split('/');
    request.resume();
    if (after === 'never') return parentPort.postMessage('received');
    request.on('end', () => {
      parentPort.postMessage('received');
      setTimeout(() => {
        response.writeHead(200, body === 'gzip' ? { 'content-encoding': 'gzip' } : {});
        response.end(bodies[body]);
      }, Number(after));
    });
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

const DEADLINE = 150;
/** The graces of a deadline that comes late are half a second in all. */
const LATEST = 500;
/** What a machine with other things to do may add. */
const SLACK = 1_500;

const GAMES = ['http', 'fetch'].flatMap((adapter) =>
  ['attemptTimeout', 'totalTimeout'].flatMap((name) =>
    ['10/small', '10/large', '10/gzip', 'never/small'].flatMap((path) =>
      [0, 5, 20, 100, 140, 148, 149, 150, 151, 160].flatMap((startAt) =>
        [50, 150, 400].map((length) => ({ adapter, name, path, startAt, length })),
      ),
    ),
  ),
);

function block(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

async function play({ adapter, name, path, startAt, length }, url, thread) {
  const client = axios.create({ adapter, baseURL: url, proxy: false });
  attachRetry(client, { maxAttempts: 1, [name]: DEADLINE });
  await client.get('/0/small', { retry: false });
  // As the thread that is asked says: this one may not come to know before it is busy.
  thread.once('message', () => setTimeout(() => block(length), startAt));
  const beganAt = performance.now();
  const error = await client.post(`/${path}`, { a: 1 }).then(
    () => undefined,
    (thrown) => thrown,
  );
  const took = performance.now() - beganAt;
  // What follows is not to be busy with this one's block.
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, startAt + length - took) + 20));
  return { error, took };
}

function problemOf({ path, startAt, length }, { error, took }) {
  const isInTime = !path.startsWith('never');
  // An answer after 10 ms comes in time; when the thread was late anyway, nobody knows.
  if (isInTime && error && took < DEADLINE + length + 2 * DEADLINE)
    return `an answer that came in time was cut off: ${error.message}`;
  if (isInTime) return undefined;
  if (error?.code !== 'ETIMEDOUT') return `ended with ${error}`;
  if (took < DEADLINE - 2) return `was cut off after ${took.toFixed(1)} ms`;
  const latest = Math.max(DEADLINE, startAt + length) + LATEST + SLACK;
  return took > latest ? `was cut off after ${took.toFixed(0)} ms, ${latest} at the latest` : undefined;
}

/** Plays as many games as there is time for, in an order of chance. */
export async function attackDeadlines({
  seed,
  complain,
  seconds = Number(process.env.CHAOS_DEADLINES ?? 20),
}) {
  const chance = chanceOf(seed);
  const games = GAMES.map((game, n) => [chance('deadline', n), game]).sort(([a], [b]) => a - b);
  const thread = new Worker(SERVER, { eval: true });
  const url = `http://127.0.0.1:${await new Promise((resolve) => thread.once('message', resolve))}`;
  const startedAt = performance.now();
  let played = 0;
  for (const [, game] of games) {
    if (performance.now() - startedAt > seconds * 1_000) break;
    thread.removeAllListeners('message');
    const problem = problemOf(game, await play(game, url, thread));
    if (problem) complain(`deadlines: ${JSON.stringify(game)}: ${problem}`);
    played += 1;
  }
  await thread.terminate();
  console.log(
    `deadlines: ${played} of ${games.length} games in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`,
  );
}
