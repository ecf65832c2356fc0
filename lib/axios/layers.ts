import { causesOf } from './failure.ts';
import { retryReport } from './state.ts';

const RETRIED = Symbol.for('axios-tenacity.retried');

interface Marked {
  readonly [RETRIED]?: unknown;
}

/** Marks what a retrying client gave up on, so that no other layer retries it. */
export function markRetried(error: unknown): void {
  if (typeof error === 'object' && error !== null && Object.isExtensible(error)) {
    Object.defineProperty(error, RETRIED, { value: true, configurable: true });
  }
}

/**
 * Whether an error, or one of its causes, is one that a retrying client gave up on after retrying. Ask it in any other
 * retry loop around an attached client, so that attempts do not multiply.
 */
export const wasRetried = (error: unknown): boolean =>
  causesOf(error).some(
    (node) => (node as Marked)[RETRIED] === true || (Object.isFrozen(node) && isGivenUp(node)),
  );

// A frozen error takes no mark; the report of its request tells the same.
function isGivenUp(error: object): boolean {
  const { reason, attempts = [] } = retryReport(error) ?? {};
  return reason !== undefined && attempts.length > 1;
}

const RIVALS = [
  ['axios-retry', 'axios-retry'],
  ['raxConfig', 'retry-axios'],
] as const;

const reported = new WeakSet<object>();

/** Warns, once per instance, when a failed config carries what another retry plugin leaves there: attempts multiply. */
export function reportRival(instance: object, config: object): void {
  const rival = RIVALS.find(([key]) => (config as Readonly<Record<string, unknown>>)[key]);
  if (rival === undefined || reported.has(instance)) return;
  reported.add(instance);
  console.warn(
    `axios-tenacity: ${rival[1]} works on this instance too, so attempts multiply; keep one of them`,
  );
}
