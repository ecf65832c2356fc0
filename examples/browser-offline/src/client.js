import axios from 'axios';
import { attachRetry } from 'axios-tenacity';
import { online } from './online.js';

export const client = axios.create({ baseURL: '/api', timeout: 10_000 });

// It is registered before `attachRetry`, so it runs for every attempt: none is sent, and none is used up, while the browser is
// offline.
client.interceptors.request.use(async (config) => {
  await online(config.signal);
  return config;
});

attachRetry(client, {
  baseDelay: 500,
  // However long the browser is offline, the next attempt may still be made.
  maxElapsedTime: Infinity,
});
