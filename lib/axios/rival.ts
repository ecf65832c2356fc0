/** On the instances of our own drop-in for axios-retry, whose configs look like those of the original. */
const DROP_IN = Symbol.for('axios-tenacity.axios-retry');

const reported = new WeakSet<object>();

/** Warns, once per instance, when a failed config carries what another retry plugin leaves there: attempts multiply. */
export function reportRival(instance: object, config: object): void {
  const { 'axios-retry': axiosRetry, raxConfig } = config as Readonly<Record<string, unknown>>;
  const rival = axiosRetry && !(DROP_IN in instance) ? 'axios-retry' : raxConfig && 'retry-axios';
  if (!rival || reported.has(instance)) return;
  reported.add(instance);
  console.warn(
    `axios-tenacity: a request carries what ${rival} leaves on it; if that works here too, attempts multiply: keep one of them`,
  );
}
