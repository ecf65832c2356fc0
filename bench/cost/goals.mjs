/** What was aimed at, beside what was measured. */
import { kilobytes, round, table, times } from '../markdown.mjs';

const US = 'axios-tenacity';
const rounded = (ratio) => Number(ratio.toFixed(2));

/** A ratio that is not to be above the limit, measured in one or several ways, of which the worst counts. */
const atMost = (title, limit, ratios) => ({
  goal: `${title}: at most ${times(limit)}`,
  measured: ratios.map(times).join(', '),
  isMet: ratios.every((ratio) => rounded(ratio) <= limit),
});

const few = (cpu) => [cpu[1][US].ratio, cpu[3][US].ratio];
const over = ({ noop, http }, name) => [noop[name].ratio, http[name].ratio];
const ratiosOf = ({ sequential, concurrent }) => [sequential[US].ratio, concurrent[US].ratio];

export function goalsSection({ success, retries, waiting, options, footprint }) {
  const { noop, http, many } = waiting;
  const { [US]: some } = noop;
  const heap = retries.heap[US];
  const faster = noop['axios-retry'].abort / some.abort;
  const growth = (many.enter + many.abort) / (some.enter + some.abort);
  const more = many.count / some.count;
  const goals = [
    atMost('CPU, no retry, no-op adapter', 1.05, ratiosOf(success.noop)),
    atMost('allocations, no retry, no-op adapter', 1.05, ratiosOf(success.allocations)),
    atMost('CPU, no retry, loopback HTTP', 1.02, ratiosOf(success.http)),
    atMost('CPU with logRetries, against without', 1.05, over(options.watched, 'with logRetries')),
    atMost('CPU with onAttempt, against without', 1.15, over(options.watched, 'with onAttempt')),
    atMost('CPU with attemptTimeout, with totalTimeout, loopback HTTP', 1.15, [
      options.timed.http['with attemptTimeout'].ratio,
      options.timed.http['with totalTimeout'].ratio,
    ]),
    atMost('CPU, 9 MB of JSON', 1.03, [options.body[US].ratio]),
    atMost('CPU of one retry and of three, no-op adapter, against the loop by hand', 1, few(retries.cpu)),
    atMost('CPU of one retry and of three, loopback HTTP, against the loop by hand', 1, few(retries.cpuHttp)),
    atMost('CPU to import, ESM, against axios-retry', 3, [
      footprint[US].esm.value / footprint['axios-retry'].esm.value,
    ]),
    atMost('CPU to require, CommonJS, against axios-retry', 3, [
      footprint[US].cjs.value / footprint['axios-retry'].cjs.value,
    ]),
    {
      goal: '`{ attachRetry }`, minified and gzipped: at most 10 kB',
      measured: kilobytes(footprint[US].gzip),
      isMet: footprint[US].gzip <= 10_000,
    },
    {
      goal: 'heap of one that waits, loopback HTTP: at most 9 kB',
      measured: kilobytes(waiting.http[US].heap),
      isMet: waiting.http[US].heap <= 9_000,
    },
    {
      goal: 'heap kept for each further attempt: at most 64 B',
      measured: `${round(heap)} B`,
      isMet: heap <= 64,
    },
    {
      goal: 'aborting all that wait: at least 5 times faster than axios-retry',
      measured: `${round(faster)} times`,
      isMet: faster >= 5,
    },
    {
      goal: `${more} times as many requests that wait: not quadratic`,
      measured: `${round(growth)} times the CPU`,
      isMet: growth < 2 * more,
    },
    atMost('heap of one that waits, no-op adapter, against a pending one', 1.25, [
      some.heap / noop.axios.heap,
    ]),
    atMost('heap of one that waits, loopback HTTP, against a pending one', 1.25, [
      http[US].heap / http.axios.heap,
    ]),
  ];
  return [
    '## The goals of axios-tenacity',
    '',
    table([
      ['goal', 'measured', 'met'],
      ...goals.map(({ goal, measured, isMet }) => [goal, measured, isMet ? 'yes' : '**no**']),
    ]),
    '',
    'Two ratios: one by one and all at once, no-op adapter and HTTP, or one and three, as the goal says.',
  ];
}
