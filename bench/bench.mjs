/** What retries cost, beside what one would use instead; Markdown. `npm run bench`, with `--draw` also the picture. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { VERSION } from 'axios';
import { measureFootprint } from './cost/footprint.mjs';
import { goalsSection } from './cost/goals.mjs';
import { median } from './cost/rounds.mjs';
import {
  footprintSection,
  optionsSection,
  othersSection,
  retrySection,
  successSection,
  waitingSection,
} from './cost/sections.mjs';

const ROOM_FOR_NEW = ['--min-semi-space-size=64', '--max-semi-space-size=64'];
const RUNS = 3;
const PLUGINS = ['axios-retry', 'retry-axios', 'axios-tenacity'];
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

/** The median of several runs for each contender, one field after the other; they take turns here too. */
function measureWaiting(script, count, fields) {
  const names = ['axios', ...PLUGINS];
  const runs = Array.from({ length: RUNS }, () => names.map((name) => measure(script, [name, `${count}`])));
  return Object.fromEntries(
    names.map((name, i) => {
      const all = runs.map((run) => run[i]);
      const middle = (field) => (all[0][field] === null ? null : median(all.map((one) => one[field])));
      return [name, { ...all[0], ...Object.fromEntries(fields.map((field) => [field, middle(field)])) }];
    }),
  );
}

const success = {
  noop: measure('success-path.mjs', ['noop']),
  http: measure('success-path.mjs', ['http']),
  allocations: measure('success-path.mjs', ['allocations'], ROOM_FOR_NEW),
  allocationsHttp: measure('success-path.mjs', ['allocations-http'], ROOM_FOR_NEW),
};
const retries = measure('retry-path.mjs');
const waiting = {
  noop: measureWaiting('waiting.mjs', WAITING, ['enter', 'heap', 'abort']),
  http: measureWaiting('waiting-http.mjs', WAITING_HTTP, ['heap']),
  many: measure('waiting.mjs', ['axios-tenacity', `${MANY}`]),
};
const options = measure('options.mjs');
const others = measure('other-clients.mjs');
const footprint = await measureFootprint();

const sections = [
  successSection(success),
  optionsSection(options),
  retrySection(retries),
  waitingSection(waiting),
  othersSection(others),
  footprintSection(footprint),
  goalsSection({ success, retries, waiting, options, footprint }),
];
const [{ model }] = cpus();
console.log(`# What it costs

Node ${process.version}, axios ${VERSION}, ${model} × ${cpus().length}, ${process.platform}; load ${loadavg()
  .map((load) => load.toFixed(0))
  .join(', ')}. Medians; the contenders take turns in one process; columns with × compare
with the first one.

${sections.map((lines) => lines.join('\n')).join('\n\n')}`);

if (process.argv.includes('--draw')) {
  const { drawSuccessPath } = await import('./pictures/success-path.mjs');
  drawSuccessPath(success);
}
