import axios from 'axios';
import { attachRetry, logRetries } from 'axios-tenacity';
import { currentRetryBudget } from 'axios-tenacity/context';
import { logger } from './logger.js';
import { countRetries } from './metrics.js';

export const orders = axios.create({
  baseURL: process.env.ORDERS_URL ?? 'http://127.0.0.1:4000',
  timeout: 5_000,
});

export const handle = attachRetry(orders, {
  baseDelay: Number(process.env.BASE_DELAY ?? 200),
  totalTimeout: 10_000,
  // The budget of the incoming request that makes the call, see app.js.
  budget: currentRetryBudget,
  observe: [logRetries(logger), countRetries],
});
