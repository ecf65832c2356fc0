/** What was measured, as Markdown. */
import { kilobytes, milliseconds, percent, round, table, times } from '../markdown.mjs';

const PLUGINS = ['axios-retry', 'retry-axios', 'axios-tenacity'];
const WAYS = ['axios-retry', 'retry-axios', 'p-retry', 'axios-tenacity'];
const ratios = (measured, names = WAYS) => names.map((name) => times(measured[name].ratio));

export function successSection({ noop, http, allocations, allocationsHttp }) {
  const row = (title, measured, unit) => [title, unit(measured.axios.value), ...ratios(measured)];
  const cpu = (value) => `${round(value)} µs`;
  const noise = [noop, http, allocations, allocationsHttp]
    .flatMap(({ sequential, concurrent }) => [sequential, concurrent])
    .map(({ 'axios again': again }) => Math.abs(again.ratio - 1));
  return [
    '## A request that needs no retry',
    '',
    table([
      ['per request', 'axios', ...WAYS],
      row('CPU, no-op adapter, one by one', noop.sequential, cpu),
      row('CPU, no-op adapter, 1,000 at once', noop.concurrent, cpu),
      row('CPU, loopback HTTP, one by one', http.sequential, cpu),
      row('CPU, loopback HTTP, 1,000 at once', http.concurrent, cpu),
      row('allocations, no-op adapter, one by one', allocations.sequential, kilobytes),
      row('allocations, no-op adapter, 1,000 at once', allocations.concurrent, kilobytes),
      row('allocations, loopback HTTP, one by one', allocationsHttp.sequential, kilobytes),
      row('allocations, loopback HTTP, 500 at once', allocationsHttp.concurrent, kilobytes),
    ]),
    '',
    `A second bare axios, measured like the plugins, differs from the first by up to ${percent(Math.max(...noise))}: less than that`,
    'is noise. The no-op adapter answers in the process; the HTTP server runs in a process of its own and is not counted.',
  ];
}

export function retrySection({ cpu, cpuHttp, heap }) {
  const rowsOf = (all, where) =>
    Object.entries(all).map(([retries, measured]) => {
      const { value } = measured['hand-written loop'];
      return [
        `CPU, ${where}, ${retries} failed before the success`,
        `${round(value)} µs`,
        ...ratios(measured),
      ];
    });
  const rows = [...rowsOf(cpu, 'no-op adapter'), ...rowsOf(cpuHttp, 'loopback HTTP')];
  return [
    '## A request that is retried, waits aside',
    '',
    table([
      ['per request', 'loop by hand', ...WAYS],
      ...rows,
      [
        'heap kept for each further attempt',
        '',
        ...WAYS.map((name) => `${round(Math.max(0, heap[name]))} B`),
      ],
    ]),
    '',
    'The loop by hand is ten lines around bare axios: a bound, a status, a wait. Timers take no time here, for anybody.',
  ];
}

export function waitingSection({ noop, http, many }) {
  const of = (pick, measured = noop) => PLUGINS.map((name) => pick(measured[name]));
  const all = (measured, pick) => [pick(measured.axios), ...of(pick, measured)];
  const heapOf = ({ heap }) => kilobytes(heap);
  const few = noop['axios-tenacity'];
  const growth = [few, many].map(
    ({ count, enter, abort }) =>
      `${count.toLocaleString('en-US')} in ${milliseconds(enter)} and ${milliseconds(abort)}`,
  );
  return [
    `## ${few.count.toLocaleString('en-US')} requests that wait at once`,
    '',
    table([
      ['', 'pending in axios', ...PLUGINS],
      ['CPU to enter them all, one signal', ...all(noop, ({ enter }) => milliseconds(enter))],
      ['heap per request, no-op adapter, no signal', ...all(noop, heapOf)],
      ['heap per request, loopback HTTP, no signal', ...all(http, heapOf)],
      ['listeners on the signal', '', ...of(({ listeners }) => round(listeners))],
      [
        'CPU to abort them all',
        '',
        ...of(({ abort }) => (abort === null ? 'they wait on' : milliseconds(abort))),
      ],
      [
        'timers, listeners left',
        '',
        ...of(({ left }) => `${left.timers.toLocaleString('en-US')}, ${left.listeners}`),
      ],
    ]),
    '',
    `The first column is a request that waits for its answer. Heap over HTTP: of ${http.axios.count.toLocaleString('en-US')} requests. Entered and`,
    `aborted by axios-tenacity: ${growth.join('; ')}.`,
  ];
}

export function footprintSection(measured) {
  const of = (pick) => PLUGINS.map((name) => pick(measured[name]));
  return [
    '## The package',
    '',
    table([
      ['', ...PLUGINS],
      ['CPU to import, after axios, ESM', ...of(({ esm }) => milliseconds(esm.value))],
      ['CPU to require, after axios, CommonJS', ...of(({ cjs }) => milliseconds(cjs.value))],
      ['in a bundle: minified', ...of(({ min }) => kilobytes(min))],
      ['in a bundle: minified, gzip', ...of(({ gzip }) => kilobytes(gzip))],
      ['in node_modules, unpacked', ...of(({ bytes }) => kilobytes(bytes))],
      ['runtime dependencies', ...of(({ dependencies }) => dependencies)],
    ]),
    '',
    'In a bundle: what attaches retries to a client and no more, axios aside.',
  ];
}

/** What options add to a request that needs no retry. */
export function optionsSection({ watched, timed, body }) {
  const row = (title, [name, { value }], [, { ratio, p10 }]) => [
    title,
    name,
    `${round(value)} µs`,
    times(ratio),
    times(p10),
  ];
  const rowsOf = (where, measured) => {
    const [yardstick, ...others] = Object.entries(measured);
    return others.map((one) => row(`${one[0]}, ${where}`, yardstick, one));
  };
  return [
    '## Options, on a request that needs no retry',
    '',
    table([
      ['axios-tenacity', 'compared with', 'that takes', 'median', 'quickest tenth'],
      ...rowsOf('no-op adapter', watched.noop),
      ...rowsOf('loopback HTTP', watched.http),
      ...rowsOf('loopback HTTP', timed.http),
      ...rowsOf('POST of 9 MB of JSON', body),
    ]),
  ];
}

/** What retries add in other clients. */
export function othersSection(others) {
  return [
    '## Other clients, each against itself without retries',
    '',
    table([
      ['loopback HTTP, no retry needed', 'without', 'with', 'quickest tenth'],
      ...Object.entries(others).map(([name, { bare, ratio, p10 }]) => [
        name,
        `${round(bare)} µs`,
        times(ratio),
        times(p10),
      ]),
    ]),
  ];
}
