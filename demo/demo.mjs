/** Sends a dozen requests to a server that fails on purpose, and draws what became of each. `npm run demo` */
import axios from 'axios';
import { attachRetry, retryReport } from '../dist/esm/index.js';
import { flow, scaleOf, widthOf, words } from './layout.mjs';
import { requests } from './requests.mjs';
import { duplicatesIn, startServer } from './server.mjs';
import { createPen, drawTimeline, showTime } from './timeline.mjs';

const INDENT = '    ';
/** The columns of the labels in the summary. */
const LABEL = 12;
const WIDTH = widthOf(process.stdout, process.env);
const SCALE = scaleOf(WIDTH - INDENT.length);

// Knows NO_COLOR and TERM, and is missing when the output goes to a file or a pipe.
const pen = createPen(process.stdout.hasColors?.() === true);
const print = (...lines) => console.log(lines.join('\n'));

const startedAt = performance.now();
const server = await startServer();
const client = axios.create({ baseURL: server.url, proxy: false });

let sources = [];
attachRetry(client, {
  baseDelay: 350,
  jitter: 'equal',
  observe: { onRetry: ({ delaySource }) => sources.push(delaySource) },
});

const heading = `axios-tenacity: ${requests.length} requests to a flaky server on ${server.url}`;
print(...flow(words(heading, pen.bold), { width: WIDTH, indent: INDENT }));
const legend = [
  '█ attempt',
  '─ wait chosen by backoff',
  '═ wait asked by the server',
  `one column = ${SCALE} ms`,
].map((text) => ({ text }));
print(...flow(legend, { width: WIDTH, gap: '   ' }));

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
  const title = { text: `${String(number).padStart(2)}  ${name}`, ink: pen.bold };
  const note = `· ${what}${scale === SCALE ? '' : ` · here one column = ${scale} ms`}`;
  const right = { text: outcome, ink: report.reason === undefined ? pen.green : pen.red };
  print('', ...flow([title, ...words(note)], { width: WIDTH, indent: INDENT, right }));
  print(...lines.map((line) => INDENT + line));
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
  const row = (label, ...pieces) => {
    const lines = flow(pieces.flat(), { width: WIDTH - LABEL });
    print(...lines.map((line, index) => (index === 0 ? label : '').padEnd(LABEL) + line));
  };

  print();
  print(pen.bold('Summary'));
  row('recovered', words(`${recovered.length} of ${reports.length}`, pen.green));
  givenUp.forEach(({ name, reason }, index) => {
    row(index === 0 ? 'given up' : '', { text: name.padEnd(24) }, { text: reason, ink: pen.red });
  });
  row(
    'attempts',
    words(
      `${attempts}: ${ledger.requests.length} in the server's ledger, ${refused.length} refused by a closed port`,
    ),
  );
  row('charges', words(`${ledger.charges.length} in the server's ledger, for ${orders} orders`));
  row('keys', words(`${keys} in the server's ledger, on ${keyed.length} requests`));
  row(
    'duplicates',
    duplicates.length === 0 ? words('none', pen.green) : words(duplicates.join(', '), pen.red),
  );
  row('time', words(`${showTime(performance.now() - startedAt)}, of which ${showTime(waited)} waiting`));
  process.exitCode = duplicates.length === 0 ? 0 : 1;
}
