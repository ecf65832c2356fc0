// What the requests of the chaos are, and the clients that send them: by chance, the same in every run of one seed.
import { Readable } from 'node:stream';
import { pick, pickWeighted } from './chance.mjs';

const BODIES = {
  none: () => undefined,
  json: (id) => ({ id, nested: { list: [1, 2, 3] } }),
  text: (id) => `text of ${id}`,
  bytes: (id) => Buffer.from(`bytes of ${id}`),
  params: (id) => new URLSearchParams({ id }),
  large: (id) => `${id} ${'y'.repeat(200_000)}`,
  once: (id) => Readable.from([Buffer.from(`once ${id}`)]),
};

/** One request: how it is sent, what ends it, which functions of the user take part. */
export function planRequest(chance, id) {
  const of = (what) => chance(id, what);
  const method = pickWeighted(
    [
      ['get', 3],
      ['head', 0.5],
      ['put', 2],
      ['delete', 1],
      ['post', 5],
      ['patch', 1],
    ],
    of('method'),
  );
  const hasBody = ['put', 'post', 'patch'].includes(method);
  const isUnsafe = method === 'post' || method === 'patch';
  const ending = pickWeighted(
    [
      ['none', 5],
      ['signal', 1.5],
      ['token', 1],
      ['shared', 2],
      ['shared token', 0.5],
    ],
    of('ending'),
  );
  const limit = pickWeighted(
    [
      ['attempt', 3],
      ['axios', 2],
      ['total', 2],
      ['both', 2],
    ],
    of('limit'),
  );
  const isTotal = limit === 'total' || limit === 'both';
  // What never answers needs a bound on the whole.
  const hang = (name) => (isTotal ? name : 'none');
  const responseType = pickWeighted(
    [
      ['json', 6],
      ['stream', 2],
      ['arraybuffer', 1],
      ['text', 1],
    ],
    of('type'),
  );
  // Nobody would read the stream of a response that is lost outside.
  const lost = responseType === 'stream' ? 'none' : 'throws';
  return {
    id,
    method,
    isUnsafe,
    adapter: of('adapter') < 0.5 ? 'http' : 'fetch',
    port: pickWeighted(
      [
        ['plain', 8],
        ['flaky', 1.2],
        ['shaky', 1],
        ['dead', 0.4],
      ],
      of('port'),
    ),
    body: hasBody
      ? pick(['json', 'json', 'text', 'bytes', 'params', 'large', 'once', 'maker'], of('body'))
      : 'none',
    key: isUnsafe ? pickWeighted([['none', 6], ['made', 3], ['own', 1]], of('key')) : 'none', // biome-ignore format: a table
    ending,
    endAfter: of('when') ** 2 * 800,
    isEnded: of('ended') < 0.7,
    attemptTimeout: limit === 'attempt' || limit === 'both' ? 100 + of('attempt') * 500 : undefined,
    timeout: limit === 'axios' || limit === 'total' ? 200 + Math.floor(of('timeout') * 400) : undefined,
    totalTimeout: isTotal ? 150 + of('total') * 1_500 : undefined,
    maxAttempts: pick([1, 2, 3, 4, 5, isTotal ? Infinity : 6], of('attempts')),
    responseType,
    retryIf: pickWeighted(
      [
        ['none', 14],
        ['refused', 3],
        ['async', 1],
        ['throws', 0.3],
        ['garbage', 0.3],
        [hang('hangs'), 0.3],
      ],
      of('retryIf'),
    ),
    beforeRetry: pickWeighted(
      [
        ['none', 10],
        ['edits', 1],
        ['copies', 1],
        ['async', 1],
        ['throws', 0.3],
        [hang('hangs'), 0.4],
      ],
      of('beforeRetry'),
    ),
    inside: pickWeighted(
      [
        ['none', 12],
        ['slow', 2],
        ['throws', 0.6],
        ['throws late', 0.4],
        ['resends', 1],
        ['wraps', 1],
        [hang('hangs'), 0.6],
        [hang('hangs late'), 0.4],
      ],
      of('inside'),
    ),
    outside: pickWeighted([['none', 12], [lost, 0.5], ['resends', 1]], of('outside')), // biome-ignore format: a table
    budget: pickWeighted([['none', 8], ['own', 1], ['shared', 1]], of('budget')), // biome-ignore format: a table
    throttle: of('throttle') < 0.1 ? false : undefined,
    cooldown: of('cooldown') < 0.1 ? false : undefined,
    whenLonger: of('longer') < 0.5 ? 'clamp' : 'give-up',
    isAnyStatus: of('validate') < 0.05,
    // axios alone never settles after an unasked 101 without redirects: its own timeout does not end that.
    maxRedirects: of('redirects') < 0.2 && limit !== 'axios' ? 0 : undefined,
    maxContentLength: of('content') < 0.05 ? 1_000 : undefined,
    isPlain: of('plain') < 0.03,
  };
}

/** The body that a plan asks for, and the option `data` where a stream is to be repeatable. */
export function bodyOf({ id, body }) {
  if (body === 'maker') return { data: undefined, maker: () => Readable.from([Buffer.from(`made ${id}`)]) };
  return { data: BODIES[body](id), maker: undefined };
}

/** One client and the weather that its requests meet. */
export function planWave(chance, wave) {
  const of = (what) => chance('wave', wave, what);
  return {
    wave,
    adapters: pickWeighted(
      [
        ['bare', 5],
        ['limited', 1.5],
        ['limited, no line', 0.7],
        ['transport', 1],
        ['hedged', 1.5],
        ['all', 1.5],
      ],
      of('adapters'),
    ),
    throttle: pickWeighted(
      [
        [{ capacity: 300, refillTime: 500 }, 4],
        [{ capacity: 60, refillTime: 5_000 }, 1],
        [{ capacity: 60, refillTime: 5_000, hold: false }, 1],
        [false, 1],
      ],
      of('throttle'),
    ),
    cooldown: pickWeighted(
      [
        ['pace', 4],
        ['none', 1],
        ['hold', 2],
        ['hold two', 1],
      ],
      of('cooldown'),
    ),
    isKeptAlive: of('agent') < 0.6,
    isBlocked: of('blocks') < 0.4,
    end: pickWeighted([['none', 4], ['detach', 2], ['drain', 2], ['abort', 1]], of('end')), // biome-ignore format: a table
    endAfter: of('endAfter') * 1_500,
    hasBatch: of('batch') < 0.3,
  };
}
