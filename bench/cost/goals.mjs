/** What was aimed at, beside what was measured. */
import { round, table, times } from '../markdown.mjs';

const US = 'axios-tenacity';
const rounded = (ratio) => Number(ratio.toFixed(2));

/** A ratio that is not to be above the limit, measured in one or several ways, of which the worst counts. */
const atMost = (title, limit, ratios) => ({
  goal: `${title}: at most ${times(limit)}`,
  measured: ratios.map(times).join(', '),
  isMet: ratios.every((ratio) => rounded(ratio) <= limit),
});

const ratiosOf = ({ sequential, concurrent }) => [sequential[US].ratio, concurrent[US].ratio];

export function goalsSection({ success, retries, waiting }) {
  const { noop, http, many } = waiting;
  const { [US]: few } = noop;
  const heap = retries.heap[US];
  const faster = noop['axios-retry'].abort / few.abort;
  const growth = (many.enter + many.abort) / (few.enter + few.abort);
  const more = many.count / few.count;
  const goals = [
    atMost('CPU, no retry, no-op adapter', 1.05, ratiosOf(success.noop)),
    atMost('allocations, no retry, no-op adapter', 1.05, ratiosOf(success.allocations)),
    atMost('CPU, no retry, loopback HTTP', 1.02, ratiosOf(success.http)),
    atMost(
      `CPU, ${Object.keys(retries.cpu).join(', ')} retries, against the loop by hand`,
      1.25,
      Object.values(retries.cpu).map((measured) => measured[US].ratio),
    ),
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
      few.heap / noop.axios.heap,
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
    'Two ratios: one by one, and all at once.',
  ];
}
