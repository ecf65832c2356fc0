import assert from 'node:assert/strict';
import axios, { AxiosError, type AxiosRequestConfig } from 'axios';
import { type Step, scriptedAdapter, virtualClock } from '../../../lib/testing.ts';
import { caught } from '../../helpers/caught.ts';
import { readText } from '../../helpers/read-stream.ts';

/** Nobody defines it. */
declare const nowhere: () => never;

const sendThrough = (adapter: ReturnType<typeof scriptedAdapter>, config: AxiosRequestConfig = {}) =>
  axios.get('https://api.example.com/a', { adapter, ...config });

describe('a function among the steps that throws', () => {
  test.each<[string, () => void]>([
    ['an assertion of Jest', () => expect(1).toBe(2)],
    ['an assertion of Node', () => assert.equal(1, 2)],
    ['a mistake', () => (undefined as unknown as string).trim()],
    ['a name that is not there', () => nowhere()],
  ])('fails `done` with its own error, even when the code under test caught it: %s', async (_, check) => {
    const adapter = scriptedAdapter([
      () => {
        check();
        return 200;
      },
      200,
    ]);
    const failed = await caught(sendThrough(adapter));
    await sendThrough(adapter);
    let told: unknown;
    try {
      adapter.done();
    } catch (error) {
      told = error;
    }
    expect(told).toBe(failed);
    expect(told).toBeDefined();
  });

  test('fails `done` with the first error, before any word on the number of requests', async () => {
    const steps = ['one', 'two', 'three'].map((message) => () => Promise.reject(new TypeError(message)));
    const adapter = scriptedAdapter(steps);
    await Promise.all([caught(sendThrough(adapter)), caught(sendThrough(adapter))]);
    expect(() => adapter.done()).toThrow('one');
  });

  test('so does one whose result is no step', async () => {
    const adapter = scriptedAdapter([() => 'nonsense' as Step]);
    await caught(sendThrough(adapter));
    expect(() => adapter.done()).toThrow(
      /^Expected the result of a step of scriptedAdapter to be a status, /,
    );
  });

  test('is no fault when it throws another error, or gives one back', async () => {
    const reset = new AxiosError('reset', 'ECONNRESET');
    const planned = new Error('as planned');
    const adapter = scriptedAdapter([
      () => Promise.reject(reset),
      () => Promise.reject(planned),
      () => new TypeError(),
    ]);
    expect(await caught(sendThrough(adapter))).toBe(reset);
    expect(await caught(sendThrough(adapter))).toBe(planned);
    expect(await caught(sendThrough(adapter))).toBeInstanceOf(TypeError);
    expect(() => adapter.done()).not.toThrow();
  });

  test('is no fault when the request was cancelled, as when its sleep ends early', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const clock = virtualClock({ mode: 'manual' });
    const late = async (): Promise<number> => {
      await clock.sleep(1_000, signal).catch(() => nowhere());
      return 200;
    };
    const adapter = scriptedAdapter([late]);
    const sent = caught(sendThrough(adapter, { signal }));
    await clock.untilPending();
    controller.abort();
    expect(axios.isCancel(await sent)).toBe(true);
    expect(() => adapter.done()).not.toThrow();
  });
});

describe.each(['http', 'fetch'] as const)('a stream, as over %s', (flavour) => {
  const stream = { responseType: 'stream' } as const;

  test.each<[string, unknown, string]>([
    ['text', 'hello', 'hello'],
    ['JSON', { a: 1 }, '{"a":1}'],
    ['bytes', new TextEncoder().encode('bytes'), 'bytes'],
    ['nothing', undefined, ''],
  ])('of %s', async (_, data, text) => {
    const adapter = scriptedAdapter([{ status: 200, data }], { flavour });
    const response = await sendThrough(adapter, stream);
    expect(typeof response.data[flavour === 'http' ? 'pipe' : 'getReader']).toBe('function');
    expect(await readText(response.data)).toBe(text);
  });

  test('is there for an error status, and is a new one each time', async () => {
    const step = { status: 503, data: 'down' };
    const adapter = scriptedAdapter([step, step], { flavour });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const error = await caught(sendThrough(adapter, stream));
      expect(await readText(error.response?.data)).toBe('down');
    }
  });

  test('of the test’s own is passed on', async () => {
    const data = new Blob(['mine']).stream();
    const response = await sendThrough(scriptedAdapter([{ status: 200, data }], { flavour }), stream);
    expect(response.data).toBe(data);
  });

  test('that is truncated fails while it is read', async () => {
    const { status, data } = await sendThrough(scriptedAdapter(['truncated'], { flavour }), stream);
    expect(status).toBe(200);
    const error = await caught<Error & { code?: string }>(readText(data));
    expect(error.message).toBe(flavour === 'http' ? 'aborted' : 'terminated');
  });
});

test('a stream of Node needs Node, and the error says what else there is', async () => {
  const { getBuiltinModule } = process;
  try {
    Object.assign(process, { getBuiltinModule: undefined });
    const adapter = scriptedAdapter([200]);
    const error = await caught(sendThrough(adapter, { responseType: 'stream' }));
    expect(error.message).toMatch(
      /^`responseType: 'stream'` needs Node 20\.16, or the option `flavour: 'fetch'`/,
    );
  } finally {
    Object.assign(process, { getBuiltinModule });
  }
});
