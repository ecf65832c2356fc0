/** On the instances of our own drop-in for axios-retry, whose configs look like those of the original. */
const DROP_IN = Symbol.for('axios-tenacity.axios-retry');

/** Under these names hand-written interceptors count on the config how often they have sent it again. */
const COUNT = /^_+retries$|^_*retry_?(count|number)$/i;

const reported = new WeakSet<object>();

/**
 * Warns, once per instance, when a failed config carries what another retry leaves there: attempts multiply. An interceptor
 * that sends `error.config` again and leaves nothing on it cannot be told from a caller who does so, and that is legitimate.
 */
export function reportRival(instance: object, config: object): void {
  const rival = rivalOf(instance, config as Readonly<Record<string, unknown>>);
  if (!rival || reported.has(instance)) return;
  reported.add(instance);
  console.warn(
    `axios-tenacity: a request carries what ${rival} leaves on it; if that works here too, attempts multiply: keep one of them`,
  );
}

function rivalOf(instance: object, config: Readonly<Record<string, unknown>>): string | undefined {
  if (config['axios-retry'] && !(DROP_IN in instance)) return 'axios-retry';
  if (config.raxConfig) return 'retry-axios';
  const count = Object.keys(config).find((name) => COUNT.test(name) && Number(config[name]) > 0);
  return count && `a retry of your own (\`${count}\`)`;
}
