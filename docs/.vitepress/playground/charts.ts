/** The charts of the playground. Loaded by that page only. */
import * as Plot from '@observablehq/plot';

/** The least and the most of a wait, in milliseconds. */
export type Range = readonly [least: number, most: number];

const label = (chart: Element, text: string): Element => {
  const svg = chart.matches('svg') ? chart : (chart.querySelector('svg') as Element);
  // Plot names its groups, which have no role that could have a name.
  for (const part of svg.querySelectorAll('[aria-label]')) part.removeAttribute('aria-label');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', text);
  return chart;
};

const style = {
  background: 'none',
  color: 'currentColor',
  fontSize: '13px',
  fontFamily: 'inherit',
  overflow: 'visible',
};

/** The waits of a policy: a bar from the least to the most for each, and the sum of the most as a line. */
export function drawSchedule(schedule: readonly Range[], width: number): Element {
  let sum = 0;
  const waits = schedule.map(([least, most], index) => {
    sum += most;
    return { retry: index + 1, least: least / 1_000, most: most / 1_000, sum: sum / 1_000 };
  });
  const chart = Plot.plot({
    width,
    height: 240,
    marginLeft: 48,
    marginBottom: 40,
    style,
    x: { type: 'band', label: 'retry', padding: 0.4, domain: waits.map(({ retry }) => retry), tickSize: 0 },
    y: { label: 'seconds', grid: true, zero: true, nice: true },
    marks: [
      Plot.rectY(waits, {
        x: 'retry',
        y1: 'least',
        // A wait without a range is a line that can be seen.
        y2: ({ least, most }) => Math.max(most, least + sum / 50_000),
        fill: 'var(--playground-policy)',
        fillOpacity: 0.75,
      }),
      Plot.line(waits, { x: 'retry', y: 'sum', stroke: 'currentColor', strokeDasharray: '4 3' }),
      Plot.dot(waits, { x: 'retry', y: 'sum', fill: 'currentColor', r: 3 }),
      Plot.ruleY([0]),
    ],
  });
  return label(
    chart,
    'The least and the most of each wait, and their sum at most. The table has the numbers.',
  );
}

/** A way to retry, with the attempts that reach the server in each second. */
export interface Line {
  readonly name: string;
  readonly color: string;
  readonly dash: string;
  readonly attempts: readonly number[];
}

/** Attempts a second that reach the server, a line for each way to retry. */
export function drawOutage(lines: readonly Line[], [from, until]: Range, width: number): Element {
  const top = Math.max(1, ...lines.flatMap(({ attempts }) => attempts));
  const chart = Plot.plot({
    width,
    height: 300,
    marginLeft: 48,
    marginBottom: 40,
    style,
    x: { label: 'seconds', domain: [0, 80] },
    y: { label: 'requests a second', grid: true, domain: [0, top], nice: true },
    marks: [
      Plot.rect([0], { x1: from, x2: until, y1: 0, y2: top, fill: 'currentColor', fillOpacity: 0.08 }),
      ...lines.map(({ attempts, color, dash }) =>
        Plot.lineY(
          attempts.map((rate, second) => ({ second: second + 0.5, rate })),
          { x: 'second', y: 'rate', stroke: color, strokeWidth: 2, strokeDasharray: dash },
        ),
      ),
      Plot.ruleY([0]),
    ],
  });
  return label(chart, 'Requests that reach the server in each second. The table below has the numbers.');
}
