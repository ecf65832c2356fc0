import axios from 'axios';
import { attachRetry, type RetryReport, retryReport, wasRetried } from '../../../lib/index.ts';
import { caught } from '../../helpers/caught.ts';
import { scripted, type Turn } from '../../helpers/scripted.ts';

test('the report is there for another build of the package as well', async () => {
  const client = axios.create({ adapter: scripted(200).adapter });
  attachRetry(client);
  const response = await client.get('/');
  const { retryState } = response.config as { retryState?: Record<symbol, () => RetryReport> };
  expect(retryState?.[Symbol.for('axios-tenacity.report')]?.()).toEqual(retryReport(response));
});

describe('whether a frozen error, which takes no mark, was retried', () => {
  const frozen: Turn = (config) => {
    throw Object.freeze(new axios.AxiosError('socket hang up', 'ECONNRESET', config));
  };

  test.each([
    ['get', true],
    ['post', false],
  ])('after a %s: %p', async (method, retried) => {
    const client = axios.create({ adapter: scripted(frozen).adapter });
    attachRetry(client, { baseDelay: 0 });
    expect(wasRetried(await caught(client.request({ method, url: '/' })))).toBe(retried);
  });

  test('after another build of the package gave up on it: true', () => {
    const retryState = { [Symbol.for('axios-tenacity.exhausted')]: () => true };
    expect(wasRetried(Object.freeze({ config: { retryState } }))).toBe(true);
  });

  test.each([[undefined], [null], [{}], ['state']])('with the state %p: false', (retryState) => {
    expect(wasRetried(Object.freeze({ config: { retryState } }))).toBe(false);
  });
});
