import nock from 'nock';
import { retryReport } from '../../lib/index.ts';
import { virtualClock } from '../../lib/testing.ts';
import { createAround, orders } from '../helpers/around.ts';
import { caught } from '../helpers/caught.ts';
import { adapters } from '../helpers/clients.ts';

const api = 'http://api.example.com';

beforeAll(() => {
  nock.disableNetConnect();
});
beforeEach(() => {
  nock.restore();
  nock.cleanAll();
});
afterAll(() => {
  nock.restore();
  nock.enableNetConnect();
});

/** nock is no part of an instance: it patches Node before retries are attached, or after. */
const activate = () => nock.activate();

const reset = () => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });

describe.each(adapters)('over %s', (adapter) => {
  describe.each(orders)('nock that is activated %s', (order) => {
    const defaults = { adapter, baseURL: api };

    test('answers each attempt by the next interceptor', async () => {
      const scope = nock(api).get('/users').reply(503).get('/users').replyWithError(reset());
      scope.get('/users').reply(200, ['Ada']);
      const response = await createAround(order, activate, {}, defaults).get('/users');
      expect(response.data).toEqual(['Ada']);
      expect(retryReport(response)?.attempts).toHaveLength(3);
      scope.done();
    });

    test('gives hints that are obeyed', async () => {
      const scope = nock(api).get('/users').reply(429, '', { 'Retry-After': '7' }).get('/users').reply(200);
      const clock = virtualClock();
      await createAround(order, activate, {}, defaults, { clock, random: () => 0 }).get('/users');
      expect(clock.sleeps).toEqual([7_000]);
      scope.done();
    });

    test('sees a POST that ends in a reset once', async () => {
      const scope = nock(api).post('/charges').replyWithError(reset()).post('/charges').reply(201);
      const error = await caught(createAround(order, activate, {}, defaults).post('/charges', { amount: 5 }));
      expect(retryReport(error)?.reason).toBe('unsafe-method');
      expect(scope.pendingMocks()).toEqual([`POST ${api}:80/charges`]);
    });

    test('sees a POST with a key again, with the same body', async () => {
      const body = { amount: 5 };
      const scope = nock(api)
        .post('/charges', body)
        .replyWithError(reset())
        .post('/charges', body)
        .reply(201);
      const client = createAround(order, activate, { idempotencyKey: true }, defaults);
      expect((await client.post('/charges', body)).status).toBe(201);
      scope.done();
    });

    test('lets an attempt that is delayed run into attemptTimeout, and the next one recover', async () => {
      const scope = nock(api).get('/users').delay(2_000).reply(200).get('/users').reply(200, ['Ada']);
      const client = createAround(order, activate, { attemptTimeout: 150 }, defaults);
      const response = await client.get('/users');
      expect(response.data).toEqual(['Ada']);
      expect(retryReport(response)?.attempts).toMatchObject([{ code: 'ETIMEDOUT' }, { status: 200 }]);
      scope.done();
      nock.abortPendingRequests();
    });
  });
});
