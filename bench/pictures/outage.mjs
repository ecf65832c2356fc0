/** The pictures of `npm run bench:outage -- --draw`. */
import * as Plot from '@observablehq/plot';
import { burst, jitters } from '../outage/burst.mjs';
import { fleet } from '../outage/fleet.mjs';
import { attemptsBySecond, countBySpan } from '../outage/measures.mjs';
import { colors, count, drawPicture, heading, note } from './picture.mjs';

const WIDTH = 760;
/** Milliseconds that one bar stands for, and that are shown. */
const SPAN = 100;
const END_OF_BURST = 8_000;
const NORMAL = fleet.clients * fleet.rate;
const seconds = (ms) => ms / 1_000;

/** The server's load through a time of trouble, second by second, one line for each way to retry. */
function drawLoad(name, { title, subtitle, description, lines, trouble, span, top, ticks }) {
  const [from, until] = [seconds(fleet.from), seconds(fleet.until)];
  const points = lines.flatMap(({ sent, color }) =>
    attemptsBySecond(sent)
      .map((rate, second) => ({ second: second + 0.5, rate, color }))
      .filter(({ second }) => second > span[0] && second < span[1]),
  );
  drawPicture(name, {
    description,
    width: WIDTH,
    height: 360,
    marginTop: 62,
    marginLeft: 52,
    marginRight: 16,
    marginBottom: 44,
    x: { domain: span, label: null, ticks: 7, tickSize: 0 },
    y: { domain: [0, top], label: null, ticks, tickFormat: count, tickSize: 0 },
    marks: [
      Plot.rect([{}], {
        x1: [Math.max(from, span[0])],
        x2: [until],
        y1: [0],
        y2: [top],
        fill: colors.faint,
        fillOpacity: 0.45,
      }),
      Plot.gridY(ticks, { stroke: colors.faint, strokeOpacity: 1 }),
      note(trouble, { x: [Math.max(from, span[0])], y: [top], dx: 8, dy: 12, textAnchor: 'start' }),
      Plot.lineY(points, { x: 'second', y: 'rate', z: 'color', stroke: 'color', strokeWidth: 2 }),
      Plot.text(lines, {
        x: ({ at: [x] }) => x,
        y: ({ at: [, y] }) => y,
        text: 'label',
        textAnchor: 'start',
        fill: 'color',
        fontWeight: 600,
        fontSize: 13,
      }),
      note('seconds', { frameAnchor: 'bottom', dy: 36 }),
      ...heading(title, subtitle),
    ],
  });
}

export function drawOutage(sent) {
  drawLoad('outage', {
    title: 'Requests per second that reach the server, through an outage',
    subtitle: `${fleet.clients} clients make ${NORMAL} requests a second; each plugin as it comes`,
    description:
      'Through an outage of 30 seconds axios-retry and retry-axios send four times the requests made, axios-tenacity, after a few seconds, little more than the requests made.',
    trouble: 'every request is answered 503',
    span: [0, 60],
    top: 1_300,
    ticks: [0, 250, 500, 750, 1_000, 1_250],
    lines: [
      { label: 'axios-retry', sent: sent['axios-retry'], color: colors.one, at: [41.5, 1_050] },
      { label: 'retry-axios', sent: sent['retry-axios'], color: colors.other, at: [41.5, 940] },
      { label: 'axios-tenacity', sent: sent['axios-tenacity'], color: colors.us, at: [14.5, 400] },
    ],
  });
}

/** @param ours what the same clients sent with axios-tenacity, by the kind of its cooldown */
export function drawRateLimit(sent, ours) {
  const story = {
    trouble: 'every request is answered 429',
    span: [30, 60],
  };
  const crowd = `${fleet.clients} clients make ${NORMAL} requests a second`;
  drawLoad('rate-limit', {
    ...story,
    title: 'Requests per second that reach the server, around one reset time for all',
    subtitle: `${crowd}; axios-retry as it comes waits no longer than its timeout`,
    description:
      'When a rate limit tells everybody the same reset time, retry-axios sends all that waited in one second, axios-retry over eight seconds, axios-tenacity at little more than the normal rate.',
    top: 25_000,
    ticks: [0, 5_000, 10_000, 15_000, 20_000, 25_000],
    lines: [
      { label: 'retry-axios', sent: sent['retry-axios'], color: colors.other, at: [41.3, 17_500] },
      { label: 'axios-retry, tuned', sent: sent['axios-retry, tuned'], color: colors.one, at: [43.9, 3_900] },
      { label: 'axios-tenacity', sent: sent['axios-tenacity'], color: colors.us, at: [50, 1_500] },
    ],
  });
  drawLoad('pace', {
    ...story,
    title: 'The same with axios-tenacity alone: what pace and hold do',
    subtitle: crowd,
    description:
      'Without a cooldown axios-tenacity sends more than 2,000 requests in the second after the reset, with pace at most 1.7 times the normal rate, and with hold next to nothing before the reset.',
    top: 2_500,
    ticks: [0, 500, 1_000, 1_500, 2_000, 2_500],
    lines: [
      { label: 'cooldown: false', sent: ours['no cooldown'], color: colors.one, at: [42, 1_700] },
      { label: 'pace, the default', sent: ours['pace, the default'], color: colors.us, at: [46.5, 540] },
      { label: 'hold', sent: ours['hold, maxHeld: 1,000'], color: colors.other, at: [33.5, 110] },
    ],
  });
}

const describe = {
  none: "jitter: 'none'",
  equal: "jitter: 'equal'",
  full: "jitter: 'full', the default",
};

/** When requests that failed in the same instant come back, for each jitter. */
export function drawJitter(retries) {
  const bars = jitters.flatMap((jitter) =>
    countBySpan(retries[jitter], SPAN, END_OF_BURST).map((retried, i) => ({
      jitter,
      retried,
      from: seconds(i * SPAN),
      color: jitter === 'full' ? colors.us : colors.quiet,
    })),
  );
  const worst = jitters.map((jitter) =>
    bars
      .filter((bar) => bar.jitter === jitter)
      .reduce((most, bar) => (bar.retried > most.retried ? bar : most)),
  );
  drawPicture('jitter', {
    description:
      'Retries of 1,000 requests that failed together: without jitter they come back all at once, three times; with full jitter they are spread over seconds.',
    width: WIDTH,
    height: 460,
    marginTop: 84,
    marginLeft: 52,
    marginRight: 16,
    marginBottom: 44,
    fy: { label: null, domain: jitters, axis: null, padding: 0.3 },
    x: { domain: [0, seconds(END_OF_BURST)], label: null, ticks: 9, tickSize: 0 },
    y: { domain: [0, burst.requests], label: null, ticks: [0, 500, 1_000], tickFormat: count, tickSize: 0 },
    marks: [
      Plot.gridY([500, 1_000], { stroke: colors.faint, strokeOpacity: 1 }),
      Plot.rectY(bars, {
        fy: 'jitter',
        x1: 'from',
        x2: ({ from }) => from + seconds(SPAN),
        y: 'retried',
        fill: 'color',
        insetLeft: 0.5,
        insetRight: 0.5,
      }),
      Plot.ruleY([0], { stroke: colors.quiet }),
      Plot.text(worst, {
        fy: 'jitter',
        frameAnchor: 'top-left',
        dy: -18,
        text: ({ jitter, retried }) => `${describe[jitter]}: at most ${count(retried)} in 100 ms`,
        fontWeight: 600,
        fontSize: 13,
        fill: 'color',
      }),
      note('seconds after the failure', { frameAnchor: 'bottom', fy: ['full'], dy: 36 }),
      ...heading(
        `${count(burst.requests)} requests fail in the same instant: when do they come back?`,
        `retries in each 100 ms; ${burst.maxAttempts} attempts, which all fail`,
        'none',
        -22,
      ),
    ],
  });
}
