import type { BudgetLike } from '../limits/brand.ts';
import type { Entry } from './entry.ts';

type Payable = Pick<Entry<unknown, unknown>, 'delay' | 'reservation' | 'paidAt'>;

/** The longest wait of all, in milliseconds. */
export const longestDelay = (entries: readonly Pick<Payable, 'delay'>[]): number =>
  entries.reduce((longest, { delay }) => Math.max(longest, delay), 0);

/** Takes from the budget what it costs to send these items again together; answers those that it was enough for, in order. */
export function pay<E extends Payable>(budget: BudgetLike, entries: readonly E[], now: number): readonly E[] {
  const delay = longestDelay(entries);
  const granted = entries.slice(0, reserve(budget, entries, delay, now));
  if (granted.length > 0 || entries.length === 0) return granted;
  // It may be only the longest wait that is not left.
  return pay(
    budget,
    entries.filter((entry) => entry.delay < delay),
    now,
  );
}

/** Takes a retry for each item; answers for how many there was one. They wait together, so the first pays for the wait. */
function reserve(budget: BudgetLike, entries: readonly Payable[], delay: number, now: number): number {
  let granted = 0;
  for (const entry of entries) {
    const reservation = budget.reserve(granted === 0 ? delay : 0);
    if (!reservation) break;
    entry.reservation = reservation;
    entry.paidAt = now;
    granted += 1;
  }
  return granted;
}

/** Gives back what was paid for a sending that did not happen. */
export const giveBack = ({ reservation, paidAt }: Payable, now: number): void =>
  reservation?.cancel(now - paidAt);
