/** What retries do to a server in trouble, in virtual time; Markdown. `npm run bench:outage`, with `--draw` also pictures. */
import { table, milliseconds, percent, times } from './markdown.mjs';
import { contenders } from './outage/contenders.mjs';
import { fleet, sendThrough } from './outage/fleet.mjs';
import { measure } from './outage/measures.mjs';
import { scenarios } from './outage/scenarios.mjs';

const SEED = 8;
for (const [title, trouble] of Object.entries(scenarios)) {
  const rows = [['', 'load', 'peak', 'recovery', 'ok', 'p50', 'p99']];
  for (const [name, attach] of Object.entries(contenders)) {
    const t0 = performance.now();
    const m = measure(await sendThrough(trouble, attach, SEED));
    rows.push([name, times(m.load), times(m.peak), m.recovery === undefined ? 'none' : milliseconds(m.recovery), percent(m.success), milliseconds(m.p50), milliseconds(m.p99), (performance.now()-t0|0)+'ms']);
  }
  console.log('##', title); console.log(table(rows));
}
