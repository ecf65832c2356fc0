import { Readable } from 'node:stream';
import type { AxiosRequestTransformer } from 'axios';
import { throwIfFailed } from '../../../lib/axios/body.ts';
import { MadeBody, withoutMakers } from '../../../lib/axios/made-body.ts';
import type { Config } from '../../../lib/axios/snapshot.ts';

const own: AxiosRequestTransformer = (data: unknown) => data;

/** Asks for the body of an attempt, as axios does. */
function bodyOf(made: MadeBody, config = {} as Config): unknown {
  made.putInto(config);
  return (config.transformRequest as unknown as readonly (() => unknown)[])[0]?.();
}

test('axios asks for a body first, and then its own transforms run', () => {
  const config = { transformRequest: [own] } as Config;
  expect(bodyOf(new MadeBody(() => 'body'), config)).toBe('body');
  expect(config.transformRequest).toEqual([expect.any(Function), own]);
});

test('a body is made for every attempt, and by one maker only', () => {
  let attempts = 0;
  const made = new MadeBody(() => `body ${++attempts}`);
  const config = { transformRequest: own } as Config;
  expect([bodyOf(made, config), bodyOf(made, config)]).toEqual(['body 1', 'body 2']);
  expect(config.transformRequest).toHaveLength(2);
});

test.each<[string, Partial<Config>, unknown[]]>([
  ['none', {}, []],
  ['one', { transformRequest: own }, [own]],
  ['a list', { transformRequest: [own, own] }, [own, own]],
])('the transforms of a config but those of ours: %s', (_, given, expected) => {
  const config = given as Config;
  expect(withoutMakers(config)).toEqual(expected);
  new MadeBody(() => 'body').putInto(config);
  expect(withoutMakers(config)).toEqual(expected);
});

describe('what is no body for another attempt is refused', () => {
  test('a promise', () => {
    const made = new MadeBody(() => Promise.reject(new Error('nobody listens')));
    expect(() => bodyOf(made)).toThrow(
      new TypeError('Expected the result of retry option `data` to be a body, got [object Promise]'),
    );
  });

  test('a stream that was made before', () => {
    const stream = Readable.from(['a']);
    const made = new MadeBody(() => stream);
    expect(bodyOf(made)).toBe(stream);
    expect(() => bodyOf(made)).toThrow(
      new TypeError(
        'Expected the result of retry option `data` to be a new body for every attempt, got [object Object]',
      ),
    );
  });

  test.each(['text', undefined, null])('but not what can be sent again: %p', (body) => {
    const made = new MadeBody(() => body);
    expect([bodyOf(made), bodyOf(made)]).toEqual([body, body]);
  });

  test('nor another stream', () => {
    const made = new MadeBody(() => Readable.from(['a']));
    expect(bodyOf(made)).not.toBe(bodyOf(made));
  });
});

test('what the function throws reaches axios, and is known', () => {
  const error = new Error('no disk');
  const made = new MadeBody(() => {
    throw error;
  });
  expect(made.hasThrown(undefined)).toBe(false);
  expect(() => bodyOf(made)).toThrow(error);
  expect([made.hasThrown(error), made.hasThrown(new Error('no disk'))]).toEqual([true, false]);
});

test('a stream is watched from the first moment', async () => {
  const stream = new Readable({ read: () => undefined });
  bodyOf(new MadeBody(() => stream));
  stream.destroy(new Error('no file'));
  await new Promise(setImmediate);
  expect(() => throwIfFailed(stream)).toThrow('no file');
});

test('a body that is not needed any more is closed', () => {
  const streams: Readable[] = [];
  const made = new MadeBody(() => {
    streams.push(new Readable({ read: () => undefined }));
    return streams.at(-1);
  });
  made.discard();
  bodyOf(made);
  bodyOf(made);
  made.discard();
  expect(streams.map(({ destroyed }) => destroyed)).toEqual([false, true]);
});
