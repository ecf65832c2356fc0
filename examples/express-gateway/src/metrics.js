import { Counter, collectDefaultMetrics, Histogram, register } from 'prom-client';

collectDefaultMetrics();

const retries = new Counter({
  name: 'http_client_retries_total',
  help: 'Retries of calls to other services',
  labelNames: ['method', 'cause'],
});

const giveUps = new Counter({
  name: 'http_client_give_ups_total',
  help: 'Calls to other services that failed for good',
  labelNames: ['method', 'reason'],
});

const waits = new Histogram({
  name: 'http_client_retry_wait_seconds',
  help: 'Waits before retries, by who chose them',
  labelNames: ['source'],
  buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10],
});

/** Counts retries. No label holds a URL: there would be a time series for each. */
export const countRetries = {
  onRetry({ method, status, code, delay, delaySource }) {
    retries.inc({ method, cause: String(status ?? code) });
    waits.observe({ source: delaySource }, delay / 1_000);
  },
  onGiveUp({ method, reason }) {
    giveUps.inc({ method, reason });
  },
};

export { register };
