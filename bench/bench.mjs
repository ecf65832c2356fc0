/** What retries cost, beside what one would use instead; Markdown. `npm run bench`, with `--draw` also the picture. */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { VERSION } from 'axios';
import { measureFootprint } from './cost/footprint.mjs';
import { median } from './cost/rounds.mjs';
import { footprintSection, retrySection, successSection, waitingSection } from './cost/sections.mjs';

const ROOM_FOR_NEW = ['--min-semi-space-size=64', '--max-semi-space-size=64'];
const WAITING = 10_000;
const MANY = 100_000;
/** Each of these has a connection of its own when it is bare axios. */
const WAITING_HTTP = 1_000;

/** Each measurement has a process of its own, so that none inherits what another one left behind. */
function measure(script, args = [], flags = []) {
  console.error(`bench: ${script} ${args.join(' ')}`);
  const path = join(import.meta.dirname, 'cost', script);
  const output = execFileSync(process.execPath, ['--expose-gc', ...flags, path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(output);
}

/** The median of several runs, one field after the other. */
function wait(name, count = WAITING, runs = 3) {
  const repeat = (script, requests) =>
    Array.from({ length: runs }, () => measure(script, [name, `${requests}`]));
  const all = repeat('waiting.mjs', count);
  const middle = (field) => (all[0][field] === null ? null : median(all.map((one) => one[field])));
  const heapHttp = median(repeat('waiting-http.mjs', WAITING_HTTP).map(({ heap }) => heap));
  return { ...all[0], enter: middle('enter'), heap: middle('heap'), abort: middle('abort'), heapHttp };
}

const success = {
  noop: measure('success-path.mjs', ['noop']),
  http: measure('success-path.mjs', ['http']),
  allocations: measure('success-path.mjs', ['allocations'], ROOM_FOR_NEW),
};
const retries = measure('retry-path.mjs');
const plugins = Object.fromEntries(
  ['axios-retry', 'retry-axios', 'axios-tenacity'].map((name) => [name, wait(name)]),
);
const many = [plugins['axios-tenacity'], measure('waiting.mjs', ['axios-tenacity', `${MANY}`])];
const waiting = { bare: wait('axios'), plugins, many };
const footprint = await measureFootprint();

const sections = [
  successSection(success),
  retrySection(retries),
  waitingSection(waiting),
  footprintSection(footprint),
];
const [{ model }] = cpus();
console.log(`# What it costs

Node ${process.version}, axios ${VERSION}, ${model} × ${cpus().length}, ${process.platform}. Medians; the contenders take turns in one process; columns with × compare
with the first one.

${sections.map((lines) => lines.join('\n')).join('\n\n')}`);

if (process.argv.includes('--draw')) {
  const { drawSuccessPath } = await import('./pictures/success-path.mjs');
  drawSuccessPath(success);
}
