/** Sends a dozen requests to a server that fails on purpose, and draws what became of each. `npm run demo` */
import axios from 'axios';
import { attachRetry, retryReport } from '../dist/esm/index.js';
import { requests } from './requests.mjs';
import { duplicatesIn, startServer } from './server.mjs';
import { createPen, drawTimeline, showTime } from './timeline.mjs';

const WIDTH = 100;
const INDENT = '    ';
const SCALE = 20;

// Knows NO_COLOR and TERM, and is missing when the output goes to a file or a pipe.
const pen = createPen(process.stdout.hasColors?.() === true);
const print = (line = '') => console.log(line);

const startedAt = performance.now();
const server = await startServer();
const client = axios.create({ baseURL: server.url, proxy: false });

let sources = [];
attachRetry(client, {
  baseDelay: 350,
  jitter: 'equal',
  observe: { onRetry: ({ delaySource }) => sources.push(delaySource) },
});

print(pen.bold(`axios-tenacity: ${requests.length} requests to a flaky server on ${server.url}`));
print(`█ attempt   ─ wait chosen by backoff   ═ wait asked by the server   one column = ${SCALE} ms`);

const reports = [];
for (const [index, { name, what, send }] of requests.entries()) {
  sources = [];
  const report = retryReport(await send(client, server.url).catch((error) => error));
  reports.push({ name, ...report });
  draw(index + 1, name, what, report);
}
await server.close();
summarize();

function draw(number, name, what, report) {
  const outcome = describe(report);
  const { lines, scale } = drawTimeline(pen, report, { width: WIDTH - INDENT.length, scale: SCALE, sources });
  const title = `${String(number).padStart(2)}  ${name}`;
  const note = ` · ${what}${scale === SCALE ? '' : ` · here one column = ${scale} ms`}`;
  const gap = ' '.repeat(Math.max(1, WIDTH - title.length - note.length - outcome.length));
  print();
  print(pen.bold(title) + note + gap + (report.reason === undefined ? pen.green : pen.red)(outcome));
  for (const line of lines) print(INDENT + line);
}

function describe({ attempts, elapsed, reason }) {
  if (reason !== undefined) return `given up: ${reason}`;
  return attempts.length === 1 ? 'no retry needed' : `recovered in ${showTime(elapsed)}`;
}

function summarize() {
  const { ledger } = server;
  const givenUp = reports.filter(({ reason }) => reason !== undefined);
  const recovered = reports.filter(({ reason, attempts }) => reason === undefined && attempts.length > 1);
  const attempts = reports.reduce((sum, report) => sum + report.attempts.length, 0);
  const waited = reports.reduce((sum, { totalDelay }) => sum + totalDelay, 0);
  const orders = new Set(ledger.charges.map(({ order }) => order)).size;
  const refused = reports.flatMap((report) => report.attempts).filter(({ code }) => code === 'ECONNREFUSED');
  const keyed = ledger.requests.filter(({ key }) => key !== undefined);
  const keys = new Set(keyed.map(({ key }) => key)).size;
  const duplicates = duplicatesIn(ledger);
  const row = (label, text) => print(`${label.padEnd(12)}${text}`);

  print();
  print(pen.bold('Summary'));
  row('recovered', pen.green(`${recovered.length} of ${reports.length}`));
  givenUp.forEach(({ name, reason }, index) => {
    row(index === 0 ? 'given up' : '', `${name.padEnd(24)} ${pen.red(reason)}`);
  });
  row(
    'attempts',
    `${attempts}: ${ledger.requests.length} in the server's ledger, ${refused.length} refused by a closed port`,
  );
  row('charges', `${ledger.charges.length} in the server's ledger, for ${orders} orders`);
  row('keys', `${keys} in the server's ledger, on ${keyed.length} requests`);
  row('duplicates', duplicates.length === 0 ? pen.green('none') : pen.red(duplicates.join(', ')));
  row('time', `${showTime(performance.now() - startedAt)}, of which ${showTime(waited)} waiting`);
  process.exitCode = duplicates.length === 0 ? 0 : 1;
}
