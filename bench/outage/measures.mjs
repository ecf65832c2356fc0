/** What came of the requests of a fleet, in numbers. */
import { fleet } from './fleet.mjs';

const SECOND = 1_000;
/** Share of the requests begun in a second that must succeed for the service to count as recovered. */
const RECOVERED = 0.99;

const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

/** How many of the moments, in milliseconds, fall into each span of that length. */
export function countBySpan(moments, span, end) {
  const counts = new Array(Math.ceil(end / span)).fill(0);
  for (const moment of moments) if (moment < end) counts[Math.floor(moment / span)] += 1;
  return counts;
}

/** Attempts that reach the server, second by second. */
export const attemptsBySecond = (origins) =>
  countBySpan(
    origins.flatMap(({ attempts }) => attempts),
    SECOND,
    fleet.end,
  );

/** Milliseconds from the end of the trouble until requests succeed again and go on to; `undefined` when they do not. */
function timeToRecover(origins) {
  const seconds = Array.from({ length: fleet.end / SECOND }, () => ({ all: 0, ok: 0 }));
  for (const { startedAt, isOk } of origins) {
    const second = seconds[Math.floor(startedAt / SECOND)];
    second.all += 1;
    second.ok += Number(isOk);
  }
  const lastBad = seconds.findLastIndex(({ all, ok }) => ok < RECOVERED * all);
  const from = (lastBad + 1) * SECOND;
  return from >= fleet.end ? undefined : Math.max(0, from - fleet.until);
}

export function measure(origins, { clients, rate } = fleet) {
  const { from, until } = fleet;
  const troubled = origins.filter(({ startedAt }) => startedAt >= from && startedAt < until);
  const durations = troubled.map(({ startedAt, endedAt }) => endedAt - startedAt).sort((a, b) => a - b);
  const after = attemptsBySecond(origins).slice(until / SECOND);
  return {
    load: troubled.reduce((sum, { attempts }) => sum + attempts.length, 0) / troubled.length,
    peak: Math.max(...after) / (clients * rate),
    recovery: timeToRecover(origins),
    success: troubled.filter(({ isOk }) => isOk).length / troubled.length,
    refusals: troubled.reduce((sum, { refusals }) => sum + refusals, 0) / troubled.length,
    p50: quantile(durations, 0.5),
    p99: quantile(durations, 0.99),
  };
}
