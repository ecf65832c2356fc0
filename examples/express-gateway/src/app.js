import { RetryBudget, retryReport } from 'axios-tenacity';
import { withRetryBudget } from 'axios-tenacity/context';
import express from 'express';
import { orders } from './client.js';
import { logger } from './logger.js';
import { register } from './metrics.js';

export const app = express();

app.get('/metrics', async (_request, response) => {
  response.type(register.contentType).send(await register.metrics());
});

// All calls that one incoming request makes share two retries, and two seconds of waiting.
app.use((_request, _response, next) => {
  withRetryBudget(new RetryBudget({ maxRetries: 2, maxWait: 2_000 }), next);
});

app.get('/customers/:id/orders', async (request, response) => {
  const { id } = request.params;
  const [open, shipped] = await Promise.all([
    orders.get(`/customers/${id}/open`),
    orders.get(`/customers/${id}/shipped`),
  ]);
  response.json({ open: open.data, shipped: shipped.data });
});

app.post('/orders', express.json(), async (request, response) => {
  // One key for all attempts, so that the order is not placed twice.
  const { data } = await orders.post('/orders', request.body, { retry: { idempotencyKey: true } });
  response.status(201).json(data);
});

// Express knows an error handler by its four parameters.
app.use((error, _request, response, _next) => {
  const reason = retryReport(error)?.reason;
  logger.error({ reason, message: error.message }, 'request failed');
  response.status(reason === undefined ? 500 : 502).json({ error: 'orders are not available', reason });
});
