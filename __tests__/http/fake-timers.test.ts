import axios from 'axios';
import MockAdapter from 'axios-mock-adapter';
import { attachRetry, type RetryOptions, retryReport } from '../../lib/index.ts';
import { caught } from '../helpers/caught.ts';

// What users of the package do in their own tests: jest's fake timers, the default policy, no runtime of their own.

function open(options: RetryOptions = { jitter: 'none' }) {
  const client = axios.create();
  const mock = new MockAdapter(client);
  return { client, mock, handle: attachRetry(client, options) };
}

const sent = ({ history }: MockAdapter): number => history.get?.length ?? 0;

/** A promise, and whether it has settled. */
function watch<T>(promise: Promise<T>): { readonly promise: Promise<T>; isSettled: boolean } {
  const watched = { promise, isSettled: false };
  const note = () => {
    watched.isSettled = true;
  };
  promise.then(note, note);
  return watched;
}

describe.each([
  {},
  { advanceTimers: false },
  { now: 0 },
  { doNotFake: ['performance'] as const },
  { doNotFake: ['Date'] as const },
])('under jest’s fake timers with %j', (config) => {
  beforeEach(() => void jest.useFakeTimers(config as never));
  afterEach(() => void jest.useRealTimers());

  test('advanceTimersByTimeAsync walks through the waits, millisecond by millisecond', async () => {
    const { client, mock } = open();
    mock.onGet('/').reply(503);
    const failing = watch(caught(client.get('/')));
    await jest.advanceTimersByTimeAsync(0);
    expect(sent(mock)).toBe(1);
    await jest.advanceTimersByTimeAsync(997);
    expect(sent(mock)).toBe(1);
    await jest.advanceTimersByTimeAsync(4);
    expect(sent(mock)).toBe(2);
    await jest.advanceTimersByTimeAsync(1_990);
    expect([sent(mock), failing.isSettled]).toEqual([2, false]);
    await jest.advanceTimersByTimeAsync(15);
    expect([sent(mock), failing.isSettled]).toEqual([3, true]);
    const error = await failing.promise;
    expect(error.response?.status).toBe(503);
    expect(retryReport(error)).toMatchObject({ totalDelay: 3_000, reason: 'max-attempts' });
    expect(jest.getTimerCount()).toBe(0);
  });

  test('runAllTimersAsync ends a request that recovers', async () => {
    const { client, mock } = open({});
    mock.onGet('/').replyOnce(503).onGet('/').networkErrorOnce().onGet('/').reply(200, 'fine');
    const answered = client.get('/');
    await jest.runAllTimersAsync();
    expect((await answered).data).toBe('fine');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('a request that needs no retry needs no timer', async () => {
    const { client, mock } = open();
    mock.onGet('/').reply(200);
    expect((await client.get('/')).status).toBe(200);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('an abort during the wait leaves no timer', async () => {
    const { client, mock } = open();
    mock.onGet('/').reply(503);
    const controller = new AbortController();
    const failing = caught(client.get('/', { signal: controller.signal }));
    await jest.advanceTimersByTimeAsync(500);
    expect(jest.getTimerCount()).toBe(1);
    controller.abort('left');
    expect((await failing).cause).toBe('left');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('detach() during the wait leaves no timer', async () => {
    const { client, mock, handle } = open();
    mock.onGet('/').reply(503);
    const failing = caught(client.get('/'));
    await jest.advanceTimersByTimeAsync(500);
    handle.detach();
    expect(retryReport(await failing)?.reason).toBe('detached');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('Retry-After in seconds is waited for, and never less', async () => {
    const { client, mock } = open();
    mock.onGet('/').replyOnce(429, '', { 'retry-after': '60' }).onGet('/').reply(200);
    const answered = watch(client.get('/'));
    await jest.advanceTimersByTimeAsync(59_990);
    expect(sent(mock)).toBe(1);
    await jest.advanceTimersByTimeAsync(2_100);
    expect(answered.isSettled).toBe(true);
    expect((await answered.promise).status).toBe(200);
  });

  test('attemptTimeout strikes and lets the next attempt recover', async () => {
    const { client, mock } = open({ jitter: 'none', attemptTimeout: 5_000 });
    mock
      .onGet('/')
      .replyOnce(() => new Promise<never>(() => undefined))
      .onGet('/')
      .reply(200, 'in time');
    const answered = client.get('/');
    await jest.advanceTimersByTimeAsync(4_990);
    expect(sent(mock)).toBe(1);
    await jest.advanceTimersByTimeAsync(1_020);
    expect((await answered).data).toBe('in time');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('totalTimeout strikes', async () => {
    const { client, mock } = open({ jitter: 'none', totalTimeout: 10_000 });
    mock.onGet('/').reply(() => new Promise<never>(() => undefined));
    const failing = watch(caught(client.get('/')));
    await jest.advanceTimersByTimeAsync(9_990);
    expect(failing.isSettled).toBe(false);
    await jest.advanceTimersByTimeAsync(20);
    expect((await failing.promise).message).toBe('totalTimeout of 10000 ms exceeded');
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('under a fake system time', () => {
  beforeEach(() => void jest.useFakeTimers({ now: Date.UTC(2030, 0, 1) }));
  afterEach(() => void jest.useRealTimers());

  test('Retry-After as a date counts from it', async () => {
    const { client, mock } = open();
    const date = new Date(Date.now() + 30_000).toUTCString();
    mock.onGet('/').replyOnce(503, '', { 'retry-after': date }).onGet('/').reply(200);
    const answered = client.get('/');
    await jest.advanceTimersByTimeAsync(29_990);
    expect(sent(mock)).toBe(1);
    await jest.advanceTimersByTimeAsync(2_100);
    expect((await answered).status).toBe(200);
  });

  test('the report tells fake times', async () => {
    const { client, mock } = open();
    mock.onGet('/').replyOnce(503).onGet('/').reply(200);
    const answered = client.get('/');
    await jest.advanceTimersByTimeAsync(1_010);
    const report = retryReport(await answered);
    expect(report?.attempts[0]?.startedAt).toBe(Date.UTC(2030, 0, 1));
    expect(report?.attempts[1]?.startedAt).toBeGreaterThanOrEqual(Date.UTC(2030, 0, 1) + 1_000);
    expect(report?.attempts[1]?.startedAt).toBeLessThan(Date.UTC(2030, 0, 1) + 1_010);
  });

  test('a system time that is set back during the wait does not lengthen it', async () => {
    const { client, mock } = open();
    mock.onGet('/').replyOnce(503).onGet('/').reply(200);
    const answered = client.get('/');
    await jest.advanceTimersByTimeAsync(500);
    jest.setSystemTime(0);
    await jest.advanceTimersByTimeAsync(510);
    expect((await answered).status).toBe(200);
  });

  test('a system time that is set forward during the wait does not end the request', async () => {
    const { client, mock } = open();
    mock.onGet('/').replyOnce(503).onGet('/').replyOnce(503).onGet('/').reply(200);
    const answered = client.get('/');
    await jest.advanceTimersByTimeAsync(500);
    jest.setSystemTime(Date.now() + 86_400_000);
    await jest.advanceTimersByTimeAsync(3_000);
    expect((await answered).status).toBe(200);
  });
});

test('timers faked after attaching, and restored during a wait of another, are the ones that count', async () => {
  const { client, mock } = open({ jitter: 'none', baseDelay: 20 });
  mock.onGet('/').replyOnce(503).onGet('/').reply(200);
  jest.useFakeTimers();
  const answered = client.get('/');
  await jest.advanceTimersByTimeAsync(25);
  jest.useRealTimers();
  expect((await answered).status).toBe(200);
  mock.reset();
  mock.onGet('/').replyOnce(503).onGet('/').reply(200);
  expect((await client.get('/')).status).toBe(200);
});
