import { Writable } from 'node:stream';
import axios, { type CreateAxiosDefaults } from 'axios';
import pino from 'pino';
import winston from 'winston';
import { attachRetry } from '../../../lib/axios/attach.ts';
import { type LogRetriesOptions, logRetries } from '../../../lib/observe/log.ts';
import type { RetryOptions } from '../../../lib/options/options.ts';
import { scriptedAdapter } from '../../../lib/testing/scripted-adapter.ts';
import { virtualClock } from '../../../lib/testing/virtual-clock.ts';
import type { GiveUpContext, PendingRetryContext, RetryContext } from '../../../lib/types.ts';
import { caught } from '../../helpers/caught.ts';

type Script = Parameters<typeof scriptedAdapter>[0];

/** A client that plays a script; half of each wait passes, in no time. */
function createClient(
  logger: object,
  script: Script,
  options: RetryOptions = {},
  logging: LogRetriesOptions = {},
  defaults: CreateAxiosDefaults = {},
) {
  const client = axios.create({
    baseURL: 'https://api.example.com/v1',
    adapter: scriptedAdapter(script),
    ...defaults,
  });
  const observe = logRetries(logger, logging);
  attachRetry(client, { observe, ...options }, { clock: virtualClock(), random: () => 0.5 });
  return client;
}

type Line = readonly [level: string, ...line: readonly unknown[]];

/** A logger that keeps what it is told. */
function createLogger() {
  const lines: Line[] = [];
  const method =
    (level: string) =>
    (...line: readonly unknown[]) =>
      void lines.push([level, ...line]);
  return {
    lines,
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
  };
}

const textsOf = (lines: readonly Line[]): unknown[] => lines.map(([level, text]) => `${level} ${text}`);

const url = 'https://api.example.com/v1/users/1';

type AnyContext = PendingRetryContext & GiveUpContext;

/** A context that fits every moment. */
const context = (more: Partial<AnyContext> = {}): AnyContext => ({
  attemptNumber: 1,
  maxAttempts: 3,
  elapsed: 0,
  totalDelay: 0,
  method: 'GET',
  url: '/users/1',
  config: { baseURL: 'https://api.example.com/v1' } as RetryContext['config'],
  duration: 0,
  failure: 'ambiguous',
  mayHaveActed: true,
  random: () => 0.5,
  delay: 1,
  delaySource: 'backoff',
  reason: 'max-attempts',
  ...more,
});

describe('a retry', () => {
  it('is a line when it is scheduled, with an object beside the text', async () => {
    const logger = createLogger();
    await createClient(logger, [503, 200]).get('/users/1');
    expect(logger.lines).toEqual([
      [
        'warn',
        `GET ${url} attempt 1 of 3: 503, retry in 500 ms (backoff)`,
        {
          event: 'retry',
          method: 'GET',
          url,
          attemptNumber: 1,
          maxAttempts: 3,
          status: 503,
          elapsed: 0,
          totalDelay: 0,
          delay: 500,
          delaySource: 'backoff',
        },
      ],
    ]);
  });

  it('tells the code when there was no response', async () => {
    const logger = createLogger();
    await createClient(logger, ['ECONNRESET', 'timeout', 200]).get('/users/1');
    expect(textsOf(logger.lines)).toEqual([
      `warn GET ${url} attempt 1 of 3: ECONNRESET, retry in 500 ms (backoff)`,
      `warn GET ${url} attempt 2 of 3: ECONNABORTED, retry in 1 s (backoff)`,
    ]);
    expect(logger.lines[1]?.[2]).toMatchObject({ code: 'ECONNABORTED', elapsed: 500, totalDelay: 500 });
    expect(logger.lines[1]?.[2]).not.toHaveProperty('status');
  });

  it('tells the code, and no status of 200, when the body was cut off', async () => {
    const logger = createLogger();
    await createClient(logger, ['truncated', 200]).get('/users/1');
    expect(logger.lines[0]?.[2]).toMatchObject({ code: expect.any(String) });
    expect(logger.lines[0]?.[2]).not.toHaveProperty('status');
  });

  it('that the server asked for says so', async () => {
    const logger = createLogger();
    await createClient(logger, [{ status: 429, retryAfter: 30 }, 200]).get('/users/1');
    expect(textsOf(logger.lines)).toEqual([
      `warn GET ${url} attempt 1 of 3: 429, retry in 31 s (asked by the server)`,
    ]);
    expect(logger.lines[0]?.[2]).toMatchObject({ delay: 31_000, delaySource: 'server' });
  });

  it('without a limit tells no limit', async () => {
    const logger = createLogger();
    await createClient(logger, [503, 200], { maxAttempts: Infinity }).get('/users/1');
    expect(textsOf(logger.lines)).toEqual([`warn GET ${url} attempt 1: 503, retry in 500 ms (backoff)`]);
    expect(logger.lines[0]?.[2]).not.toHaveProperty('maxAttempts');
  });

  it('of a success that is not good enough tells its status', async () => {
    const logger = createLogger();
    const retryIf = ({ response }: RetryContext) => response?.status === 202 || undefined;
    await createClient(logger, [202, 200], { retryIf }).get('/users/1');
    expect(textsOf(logger.lines)).toEqual([`warn GET ${url} attempt 1 of 3: 202, retry in 500 ms (backoff)`]);
  });

  it('after an error that has no code says that', () => {
    const logger = createLogger();
    logRetries(logger).onRetry?.(context({ error: new Error('https://u:s3cr3t@h') }));
    expect(textsOf(logger.lines)).toEqual([
      `warn GET ${url} attempt 1 of 3: an error without code, retry in 1 ms (backoff)`,
    ]);
  });
});

describe('a request that is given up', () => {
  it('is a line with the reason', async () => {
    const logger = createLogger();
    await caught(createClient(logger, [503, 503, 503]).get('/users/1'));
    expect(logger.lines[2]).toEqual([
      'error',
      `GET ${url} attempt 3 of 3: 503, gave up (max-attempts)`,
      {
        event: 'give-up',
        method: 'GET',
        url,
        attemptNumber: 3,
        maxAttempts: 3,
        status: 503,
        elapsed: 1_500,
        totalDelay: 1_500,
        reason: 'max-attempts',
      },
    ]);
    expect(logger.lines).toHaveLength(3);
  });

  it('leaves no line when it failed at once for good', async () => {
    const logger = createLogger();
    await caught(createClient(logger, [404]).get('/users/1'));
    expect(logger.lines).toEqual([]);
  });

  it('leaves a line when it failed for good after a retry', async () => {
    const logger = createLogger();
    await caught(createClient(logger, [503, 404]).get('/users/1'));
    expect(textsOf(logger.lines)[1]).toBe(`error GET ${url} attempt 2 of 3: 404, gave up (not-retryable)`);
  });

  it('leaves a line at the first attempt for any other reason', async () => {
    const logger = createLogger();
    await caught(createClient(logger, [503]).post('/users/1', {}));
    expect(textsOf(logger.lines)).toEqual([`error POST ${url} attempt 1 of 3: 503, gave up (unsafe-method)`]);
  });
});

describe('an attempt', () => {
  it('leaves no line unless asked for', async () => {
    const logger = createLogger();
    await createClient(logger, [200]).get('/users/1');
    expect(logger.lines).toEqual([]);
  });

  it('is a line when asked for, the successful one included', async () => {
    const logger = createLogger();
    await createClient(logger, [503, 200], {}, { attempt: 'debug' }).get('/users/1');
    expect(textsOf(logger.lines)).toEqual([
      `debug GET ${url} attempt 1 of 3: 503`,
      `warn GET ${url} attempt 1 of 3: 503, retry in 500 ms (backoff)`,
      `debug GET ${url} attempt 2 of 3: 200`,
    ]);
    expect(logger.lines[2]?.[2]).toMatchObject({ event: 'attempt', attemptNumber: 2, status: 200 });
  });
});

describe('the levels', () => {
  it('are the names of methods', async () => {
    const logger = createLogger();
    await caught(
      createClient(logger, [503, 503], { maxAttempts: 2 }, { retry: 'info', giveUp: 'warn' }).get('/users/1'),
    );
    expect(logger.lines.map(([level]) => level)).toEqual(['info', 'warn']);
  });

  it.each([
    ['retry', ['error']],
    ['giveUp', ['warn']],
  ])('without `%s` leave %j', async (name, levels) => {
    const logger = createLogger();
    await caught(createClient(logger, [503, 503], { maxAttempts: 2 }, { [name]: false }).get('/users/1'));
    expect(logger.lines.map(([level]) => level)).toEqual(levels);
  });

  it('that are undefined are the defaults', async () => {
    const logger = createLogger();
    const logging = { retry: undefined, giveUp: undefined, attempt: undefined, objectFirst: undefined };
    await caught(createClient(logger, [503, 503], { maxAttempts: 2 }, logging).get('/users/1'));
    expect(logger.lines.map(([level]) => level)).toEqual(['warn', 'error']);
  });

  it('that are all false leave nothing to be told', () => {
    const { onAttempt, onRetry, onGiveUp } = logRetries({}, { retry: false, giveUp: false });
    expect([onAttempt, onRetry, onGiveUp]).toEqual([undefined, undefined, undefined]);
  });

  it.each([
    [
      undefined,
      {},
      'Expected the first argument of `logRetries` to be a logger such as console, pino or winston, got undefined',
    ],
    [
      'console',
      {},
      'Expected the first argument of `logRetries` to be a logger such as console, pino or winston, got "console"',
    ],
    [console, null, 'Expected `logRetries` options to be an object, got null'],
    [
      console,
      { level: 'warn' },
      'Expected `logRetries` option `level` to be one of retry, giveUp, attempt, objectFirst, got "warn"',
    ],
    [
      console,
      { retry: 'wran' },
      'Expected `logRetries` option `retry` to be the name of a method of the logger, or false, got "wran"',
    ],
    [
      console,
      { giveUp: true },
      'Expected `logRetries` option `giveUp` to be the name of a method of the logger, or false, got true',
    ],
    [
      console,
      { attempt: 30 },
      'Expected `logRetries` option `attempt` to be the name of a method of the logger, or false, got 30',
    ],
    [console, { objectFirst: 1 }, 'Expected `logRetries` option `objectFirst` to be a boolean, got 1'],
    [
      { warn() {} },
      {},
      'Expected `logRetries` option `giveUp` to be the name of a method of the logger, or false, got "error"',
    ],
  ])('of %p with %j are refused', (logger, options, message) => {
    expect(() => logRetries(logger as object, options as LogRetriesOptions)).toThrow(new TypeError(message));
  });

  it('that only a syslog logger lacks are refused before anything is sent', () => {
    const logger = winston.createLogger({ levels: winston.config.syslog.levels, silent: true });
    expect(() => logRetries(logger)).toThrow('Expected `logRetries` option `retry`');
    expect(() => logRetries(logger, { retry: 'warning' })).not.toThrow();
  });
});

describe('the console', () => {
  afterEach(() => jest.restoreAllMocks());

  it('gets the text alone, by the methods it has when the line is written', async () => {
    const client = createClient(console, [503, 503], { maxAttempts: 2 });
    const warn = jest.spyOn(console, 'warn').mockReturnValue();
    const error = jest.spyOn(console, 'error').mockReturnValue();
    await caught(client.get('/users/1'));
    expect(warn.mock.calls).toEqual([[`GET ${url} attempt 1 of 2: 503, retry in 500 ms (backoff)`]]);
    expect(error.mock.calls).toEqual([[`GET ${url} attempt 2 of 2: 503, gave up (max-attempts)`]]);
    expect(warn.mock.contexts).toEqual([console]);
  });

  /** A console that writes to memory. */
  function createConsole() {
    const written: string[] = [];
    const stream = new Writable({ write: (chunk, _, done) => done(void written.push(String(chunk))) });
    // jest forces colours upon its workers in a terminal.
    return { written, logger: new console.Console({ stdout: stream, colorMode: false }) };
  }

  it('prints one line for each event', async () => {
    const { written, logger } = createConsole();
    await caught(createClient(logger, [503, 'timeout', 503], {}, { attempt: 'log' }).get('/users/1'));
    expect(written.join('')).toBe(
      [
        `GET ${url} attempt 1 of 3: 503`,
        `GET ${url} attempt 1 of 3: 503, retry in 500 ms (backoff)`,
        `GET ${url} attempt 2 of 3: ECONNABORTED`,
        `GET ${url} attempt 2 of 3: ECONNABORTED, retry in 1 s (backoff)`,
        `GET ${url} attempt 3 of 3: 503`,
        `GET ${url} attempt 3 of 3: 503, gave up (max-attempts)`,
        '',
      ].join('\n'),
    );
  });

  it('finds no placeholder in a URL, a code or a reason', async () => {
    const { written, logger } = createConsole();
    const stop = () => '100%done %% %';
    await caught(createClient(logger, [503], { stop }).get('/100%d/%d0%bf'));
    const path = 'https://api.example.com/v1/100%25d/%D0%BF';
    expect(written.join('')).toBe(`GET ${path} attempt 1 of 3: 503, gave up (100% done % % %)\n`);
  });

  const copy = (level: jest.Mock) => ({ ...console, warn: level });
  const wrapped = (level: jest.Mock) => Object.assign(Object.create(console), { warn: level });
  // What engines other than Node have at least.
  const other = (warn: jest.Mock) => ({ log() {}, table() {}, warn, error() {} });

  it.each([
    ['copied', copy],
    ['wrapped', wrapped],
    ['of another engine', other],
  ])('is known when it is %s', (_how, create) => {
    const warn = jest.fn();
    logRetries(create(warn)).onRetry?.(context());
    expect(warn.mock.calls).toEqual([[expect.any(String)]]);
  });

  it.each([true, false])('gets the object where `objectFirst: %p` asks for it', (objectFirst) => {
    const warn = jest.fn();
    logRetries(copy(warn), { objectFirst }).onRetry?.(context());
    expect(warn.mock.calls.flat().map((part) => typeof part)).toEqual(
      objectFirst ? ['object', 'string'] : ['string', 'object'],
    );
  });
});

describe('bunyan', () => {
  it('gets the object and then the text, known by its fields and its way to add streams', () => {
    const warn = jest.fn();
    const bunyan = { fields: { name: 'app' }, streams: [], addStream() {}, warn, error() {} };
    logRetries(bunyan).onRetry?.(context());
    expect(warn.mock.calls).toEqual([[expect.objectContaining({ event: 'retry' }), expect.any(String)]]);
  });
});

describe('pino', () => {
  /** A real logger that writes to memory. */
  function createPino(options: pino.LoggerOptions = {}) {
    const lines: Record<string, unknown>[] = [];
    const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
    return { lines, logger: pino({ base: null, timestamp: false, ...options }, stream) };
  }

  it('gets the object and then the text', async () => {
    const { lines, logger } = createPino();
    await caught(createClient(logger, [503, 503], { maxAttempts: 2 }).get('/users/1'));
    expect(lines).toEqual([
      {
        level: 40,
        event: 'retry',
        method: 'GET',
        url,
        attemptNumber: 1,
        maxAttempts: 2,
        status: 503,
        elapsed: 0,
        totalDelay: 0,
        delay: 500,
        delaySource: 'backoff',
        msg: `GET ${url} attempt 1 of 2: 503, retry in 500 ms (backoff)`,
      },
      expect.objectContaining({
        level: 50,
        reason: 'max-attempts',
        msg: `GET ${url} attempt 2 of 2: 503, gave up (max-attempts)`,
      }),
    ]);
  });

  it('gets them in that order as a child too, with the bindings of the child', async () => {
    const { lines, logger } = createPino();
    const child = logger.child({ module: 'http' }).child({ id: 7 }, { msgPrefix: '[http] ' });
    await createClient(child, [503, 200]).get('/users/1');
    expect(lines).toEqual([
      expect.objectContaining({
        module: 'http',
        id: 7,
        status: 503,
        msg: `[http] GET ${url} attempt 1 of 3: 503, retry in 500 ms (backoff)`,
      }),
    ]);
  });

  it('has levels of its own, and writes none that is off', async () => {
    const { lines, logger } = createPino({ customLevels: { audit: 35 }, level: 'audit' });
    await createClient(logger, [503, 200], {}, { retry: 'audit', attempt: 'debug' }).get('/users/1');
    expect(lines).toEqual([expect.objectContaining({ level: 35, event: 'retry' })]);
  });

  it('finds no placeholder in a URL', async () => {
    const { lines, logger } = createPino();
    await createClient(logger, [503, 200]).get('/%d0%bf');
    expect(lines[0]?.msg).toContain('/v1/%D0%BF attempt 1 of 3');
  });

  it('is known in the browser by its levels and bindings', () => {
    const calls: unknown[][] = [];
    const browser = {
      bindings: () => ({}),
      levels: { labels: { 40: 'warn' }, values: { warn: 40 } },
      warn: (...line: unknown[]) => calls.push(line),
      error: () => undefined,
    };
    logRetries(browser).onRetry?.(context());
    expect(calls).toEqual([[expect.any(Object), expect.any(String)]]);
  });

  it('behind a wrapper is declared', () => {
    const { lines, logger } = createPino();
    const wrapper = {
      warn: (...line: [object, string]) => logger.warn(...line),
      error: (...line: [object, string]) => logger.error(...line),
    };
    logRetries(wrapper, { objectFirst: true }).onRetry?.(context());
    expect(lines).toEqual([expect.objectContaining({ event: 'retry', msg: expect.any(String) })]);
  });
});

describe('winston', () => {
  /** A real logger that writes to memory. */
  function createWinston() {
    const lines: Record<string, unknown>[] = [];
    const stream = new Writable({
      write: (line, _, done) => done(void lines.push(JSON.parse(String(line)))),
    });
    const logger = winston.createLogger({
      level: 'debug',
      transports: new winston.transports.Stream({ stream, format: winston.format.json() }),
    });
    return { lines, logger };
  }

  it('gets the text and then the object', async () => {
    const { lines, logger } = createWinston();
    await caught(createClient(logger, [503, 503], { maxAttempts: 2 }).get('/users/1'));
    expect(lines).toEqual([
      {
        level: 'warn',
        message: `GET ${url} attempt 1 of 2: 503, retry in 500 ms (backoff)`,
        event: 'retry',
        method: 'GET',
        url,
        attemptNumber: 1,
        maxAttempts: 2,
        status: 503,
        elapsed: 0,
        totalDelay: 0,
        delay: 500,
        delaySource: 'backoff',
      },
      expect.objectContaining({
        level: 'error',
        message: `GET ${url} attempt 2 of 2: 503, gave up (max-attempts)`,
        reason: 'max-attempts',
      }),
    ]);
  });

  it('gets them as a child too, with the metadata of the child', async () => {
    const { lines, logger } = createWinston();
    await createClient(logger.child({ module: 'http' }), [503, 200], {}, { attempt: 'debug' }).get(
      '/users/1',
    );
    expect(lines.map(({ level, module, status }) => [level, module, status])).toEqual([
      ['debug', 'http', 503],
      ['warn', 'http', 503],
      ['debug', 'http', 200],
    ]);
  });

  it('keeps the object when the URL looks like a placeholder', async () => {
    const { lines, logger } = createWinston();
    await createClient(logger, [503, 200]).get('/%d0%s');
    expect(lines).toEqual([
      expect.objectContaining({ status: 503, message: expect.stringContaining('/v1/%D0%25s attempt') }),
    ]);
  });
});

describe('a line', () => {
  it('holds no header, query, body or credential', async () => {
    const logger = createLogger();
    const secret = 's3cr3t';
    const client = createClient(
      logger,
      [{ status: 503, data: secret, headers: { 'x-id': secret } }, 'ECONNRESET', 503],
      {
        methods: ['POST'],
      },
      { attempt: 'debug' },
      {
        baseURL: `https://user:${secret}@api.example.com/v1?key=${secret}`,
        auth: { username: secret, password: secret },
        headers: { Authorization: `Bearer ${secret}` },
      },
    );
    await caught(
      client.post(`/users?token=${secret}#${secret}`, { password: secret }, { params: { apiKey: secret } }),
    );
    expect(logger.lines.length).toBeGreaterThan(5);
    expect(JSON.stringify(logger.lines)).not.toContain(secret);
  });

  it('is one line, whatever the URL, the code and the reason', () => {
    const logger = createLogger();
    logRetries(logger).onGiveUp?.(
      context({ url: '/a\nb\u2028', code: 'E\nFORGED', reason: 'late\r\nERROR forged\u001b[2J' }),
    );
    expect(textsOf(logger.lines)).toEqual([
      'error GET https://api.example.com/v1/ab%E2%80%A8 attempt 1 of 3: E FORGED, gave up (late ERROR forged [2J)',
    ]);
  });
});

describe('a logger', () => {
  it('is `this` in its methods', async () => {
    class Logger {
      readonly #lines: unknown[] = [];
      get count() {
        return this.#lines.length;
      }
      warn(...line: unknown[]) {
        this.#lines.push(line);
      }
      error(...line: unknown[]) {
        this.#lines.push(line);
      }
    }
    const logger = new Logger();
    await createClient(logger, [503, 200]).get('/users/1');
    expect(logger.count).toBe(1);
  });

  it('that throws or rejects changes nothing', async () => {
    const error = () => Promise.reject(new Error('disk full'));
    const warn = () => {
      throw new Error('disk full');
    };
    const observer = logRetries({ warn, error });
    expect(() => observer.onRetry?.(context())).not.toThrow();
    expect(() => observer.onGiveUp?.(context({ attemptNumber: 3 }))).not.toThrow();
    await expect(createClient({ warn, error }, [503, 200]).get('/users/1')).resolves.toMatchObject({
      status: 200,
    });
  });

  it('that loses its methods is not asked', () => {
    const logger: Record<string, unknown> = createLogger();
    const observer = logRetries(logger);
    delete logger.warn;
    expect(() => observer.onRetry?.(context())).not.toThrow();
  });

  it('is told nothing of contexts that cannot be read, without a throw', () => {
    const logger = createLogger();
    const broken = context({ config: null as never });
    expect(() => logRetries(logger).onRetry?.(broken)).not.toThrow();
    expect(logger.lines).toEqual([]);
  });
});
