/** Draws what an API was sent as timelines, in 80 columns. */

const COLUMNS = 66;
const LABEL = 12;
const BARS = ' ▁▂▃▄▅▆▇█';

/** A line for each process, one for the load of the API, a ruler, and what it came to. */
export function draw({ pen, log, startedAt, from, until, end, processes, normal }) {
  const width = end / COLUMNS;
  const columnOf = (at) => Math.min(COLUMNS - 1, Math.floor((at - startedAt) / width));
  const all = log.filter(({ at }) => at >= startedAt && at < startedAt + end);

  const cellsOf = (entries) => {
    const cells = Array.from({ length: COLUMNS }, () => []);
    for (const { at, status } of entries) cells[columnOf(at)].push(status);
    return cells;
  };
  const mark = (statuses) => {
    if (statuses.length === 0) return pen.dim('·');
    return statuses.includes(429) ? pen.red('▒') : pen.green('█');
  };
  const label = (text) => text.padEnd(LABEL);

  const lines = Array.from(
    { length: processes },
    (_, id) =>
      label(`process ${id + 1}`) +
      cellsOf(all.filter((entry) => entry.id === id))
        .map(mark)
        .join(''),
  );

  const loads = cellsOf(all).map((statuses) => (statuses.length * 1_000) / width / normal);
  const bar = (load) => {
    const height = Math.min(BARS.length - 1, Math.ceil(2 * load));
    return (load > 2 ? pen.red : load > 0 ? pen.green : pen.dim)(BARS[height]);
  };
  lines.push(label('load') + loads.map(bar).join(''));
  lines.push(label('') + pen.dim(ruler(width, end)));

  const during = all.filter(({ at }) => at >= startedAt + from && at < startedAt + until);
  const refusals = during.filter(({ status }) => status === 429).length;
  const peak = peakOf(all, startedAt + until) / normal;
  lines.push(`${label('')}429s during the limit: ${refusals} · peak after it: ${peak.toFixed(1)} × normal`);
  lines.push(label('') + pen.dim('█ answered   ▒ 429   · nothing sent   load: ▂ is normal, █ is 4 ×'));
  return lines;
}

/** The most requests in a second from a moment on. */
function peakOf(log, from) {
  const times = log.map(({ at }) => at).filter((at) => at >= from);
  return Math.max(0, ...times.map((at) => times.filter((other) => other >= at && other < at + 1_000).length));
}

function ruler(width, end) {
  let line = '';
  for (let second = 0; second * 1_000 < end; second += 4) {
    line = `${line.padEnd(Math.round((second * 1_000) / width))}${second} s`;
  }
  return line;
}
