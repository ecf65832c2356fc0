import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { format } from 'node:util';
import axios, { type AxiosInstance, type AxiosRequestConfig, getAdapter } from 'axios';
import axiosRetry from 'axios-retry';
import * as rax from 'retry-axios';
import { attachRetry } from '../../lib/index.ts';
import { virtualClock } from '../../lib/testing.ts';
import { caught } from '../helpers/caught.ts';
import { key, otherHost } from '../helpers/certificates.ts';
import { runExample, typeErrorsOf, withRuntime } from '../helpers/examples.ts';
import { type CodeBlock, codeBlocks, tableRows } from '../helpers/markdown.ts';
import {
  answer,
  closeServers,
  echo,
  partialBody,
  type RecordedRequest,
  redirect,
  refusedPort,
  resetAfterReading,
  type Step,
  stall,
  startServer,
} from '../helpers/server.ts';

afterEach(closeServers);

/** As `import` and `require()` give it in CommonJS. */
const dropIn: unknown = require('../../lib/axios-retry/commonjs.ts');

const API = 'https://api.example.com';
const guides = ['from-axios-retry', 'from-retry-axios'] as const;
const read = (guide: string): string => readFileSync(join(__dirname, `../../docs/guide/${guide}.md`), 'utf8');

const busy = answer(503, 'busy');
const ok = answer(200, { name: 'Ada' });

interface Played {
  readonly requests: readonly RecordedRequest[];
  readonly printed: string;
}

/** What the examples of a section run against: how the server answers, and what it has to have seen. */
interface Scenario {
  readonly script: Step | readonly Step[];
  /** How often the request is sent, before and after. */
  readonly sends: number;
  readonly check?: (before: Played, after: Played) => void;
}

/** What an example says that it prints, in comments at the end of the lines. */
const promised = ({ code }: CodeBlock): string =>
  [...code.matchAll(/console\.log\(.+\);? ?\)?;? \/\/ (.+)$/gm)].map(([, text]) => `${text}\n`).join('');

async function play({ code }: CodeBlock, script: Scenario['script']): Promise<Played> {
  const server = await startServer(script);
  let printed = '';
  const tenacity = withRuntime({ clock: virtualClock(), random: () => 0.5 });
  const create = (config?: AxiosRequestConfig): AxiosInstance =>
    axios.create({ proxy: false, ...config, baseURL: config?.baseURL?.replace(API, server.url) } as object);
  await runExample(
    code,
    {
      axios: { __esModule: true, default: { ...axios, create } },
      'axios-tenacity': tenacity,
      'axios-tenacity/axios-retry': dropIn,
      'retry-axios': rax,
    },
    {
      axiosRetry,
      rax,
      attachRetry: tenacity.attachRetry,
      client: create({ baseURL: API }),
      freshToken: async () => 'fresh',
      console: { log: (...values: unknown[]) => (printed += `${format(...values)}\n`) },
    },
  );
  return { requests: server.requests, printed };
}

const header = ({ requests }: Played, name: string): readonly unknown[] =>
  requests.map(({ headers }) => headers[name]);

const told = (text: string) => (before: Played, after: Played) =>
  expect([before.printed, after.printed]).toEqual([text, text]);

const refreshed: Scenario = {
  script: [answer(401), ok],
  sends: 2,
  check: (before, after) => {
    for (const played of [before, after])
      expect(header(played, 'authorization')).toEqual([undefined, 'fresh']);
  },
};

/** By heading, one for each pair of examples. */
const scenarios: Readonly<Record<string, readonly Scenario[]>> = {
  retries: [{ script: [busy, busy, busy, busy, ok], sends: 5 }],
  retryCondition: [{ script: [answer(409), ok], sends: 2 }],
  'A POST that the condition repeats': [
    {
      script: [busy, ok],
      sends: 2,
      check: (before, after) => {
        expect(header(before, 'idempotency-key')).toEqual([undefined, undefined]);
        const [first, second] = header(after, 'idempotency-key');
        expect(first).toMatch(/^[\da-f-]{36}$/);
        expect(second).toBe(first);
      },
    },
    { script: [busy, ok], sends: 2 },
  ],
  exponentialDelay: [{ script: [busy, ok], sends: 2 }],
  linearDelay: [{ script: [busy, ok], sends: 2 }],
  'A retryDelay of your own': [{ script: [busy, ok], sends: 2 }],
  'timeout for the request as a whole': [{ script: [busy, ok], sends: 2 }],
  'timeout for each attempt': [{ script: [busy, ok], sends: 2 }],
  'onRetry that only reports': [{ script: [busy, ok], sends: 2, check: told('retry 1 after 503\n') }],
  'onRetry that changes the request': [refreshed],
  onMaxRetryTimesExceeded: [{ script: busy, sends: 3, check: told('gave up after 2 retries\n') }],
  validateResponse: [
    { script: [answer(200, { state: 'pending' }), busy, answer(200, { state: 'done' })], sends: 3 },
  ],
  'Options and state of a request': [{ script: [busy, busy, ok], sends: 3 }],
  'Interceptor ids': [{ script: busy, sends: 1 }],
  retry: [{ script: [busy, busy, ok, ok], sends: 4 }],
  'Exponential backoff': [
    { script: [busy, busy, ok], sends: 3 },
    { script: [busy, busy, ok], sends: 3 },
  ],
  'Static and linear backoff': [
    { script: [busy, busy, ok], sends: 3 },
    { script: [busy, busy, ok], sends: 3 },
  ],
  'httpMethodsToRetry and statusCodesToRetry': [{ script: [answer(420), busy, ok], sends: 3 }],
  shouldRetry: [{ script: [answer(409), busy, ok], sends: 3 }],
  onError: [{ script: [busy, answer(502), ok], sends: 3, check: told('failed: 503\nfailed: 502\n') }],
  onRetryAttempt: [refreshed],
  'checkRetryAfter and maxRetryAfter': [{ script: answer(503, '', { 'retry-after': '3600' }), sends: 1 }],
  getConfig: [{ script: busy, sends: 3 }],
  'attach and detach': [{ script: busy, sends: 1 }],
};

const isComplete = ({ code }: CodeBlock): boolean => /^import axios|require\(/m.test(code);

/** The examples before and after, in pairs, by heading. */
function pairsOf(guide: string) {
  const blocks = codeBlocks(read(guide)).filter((block) => !isComplete(block));
  return blocks.flatMap((before, index) => {
    const after = blocks[index + 1];
    if (index % 2 === 1 || !after) return [];
    const number = blocks.slice(0, index).filter(({ heading }) => heading === before.heading).length / 2;
    return [[before.heading, before.line, before, after, scenarios[before.heading]?.[number]] as const];
  });
}

describe.each(guides)('docs/guide/%s.md', (guide) => {
  test.each(pairsOf(guide))(
    '%s, line %i: before and after',
    async (_heading, _line, before, after, scenario) => {
      if (!scenario) throw new Error('Expected a scenario for these examples');
      expect(before.heading).toBe(after.heading);
      const played = [await play(before, scenario.script), await play(after, scenario.script)] as const;
      for (const [index, block] of [before, after].entries()) {
        expect(played[index]?.requests).toHaveLength(scenario.sends);
        if (promised(block)) expect(played[index]?.printed).toBe(promised(block));
      }
      scenario.check?.(...played);
    },
  );
});

test('the examples compile', () => {
  const ambient = `
    declare const client: import('axios').AxiosInstance;
    declare const axiosRetry: typeof import('axios-retry').default;
    declare const rax: typeof import('retry-axios');
    declare const attachRetry: typeof import('axios-tenacity').attachRetry;
    declare const freshToken: () => Promise<string>;`;
  const examples = guides.flatMap((guide) =>
    codeBlocks(read(guide)).map(({ code, line }) => ({ name: `${guide}-${line}`, code })),
  );
  expect(typeErrorsOf(examples, ambient)).toEqual([]);
}, 60_000);

test('every scenario has its examples', () => {
  const headings = guides.flatMap((guide) => pairsOf(guide).map(([heading]) => heading));
  expect([...new Set(headings)].sort()).toEqual(Object.keys(scenarios).sort());
});

describe('the drop-in', () => {
  const [complete, commonjs] = codeBlocks(read('from-axios-retry')).filter(isComplete) as [
    CodeBlock,
    CodeBlock,
  ];

  test('works as in its first example', async () => {
    const { requests, printed } = await play(complete, [busy, busy, ok]);
    expect(printed).toBe(promised(complete));
    expect(requests).toHaveLength(3);
  });

  test('works as in its example for CommonJS', async () => {
    const { requests } = await play(commonjs, [busy, ok]);
    expect(requests).toHaveLength(2);
  });
});

describe('what is retried by default', () => {
  const reset = resetAfterReading();
  const failures: Readonly<Record<string, { script?: Step; config?: AxiosRequestConfig; cert?: string }>> = {
    'connection reset': { script: reset },
    'connection refused': {},
    'body cut off': { script: partialBody() },
    timeout: { script: stall(), config: { timeout: 30 } },
    'certificate of another host': {
      script: ok,
      cert: otherHost,
    },
    'too many redirects': { script: redirect('/again', 302), config: { maxRedirects: 2 } },
    'response larger than `maxContentLength`': {
      script: answer(200, 'large'),
      config: { maxContentLength: 2 },
    },
  };

  const attachments: Readonly<Record<string, (client: AxiosInstance) => void>> = {
    'axios-retry': (client) => void axiosRetry(client),
    'retry-axios': (client) => {
      client.defaults.raxConfig = { retryDelay: 1 };
      rax.attach(client);
    },
    attachRetry: (client) => void attachRetry(client, {}, { clock: virtualClock() }),
  };

  async function count(row: string, plugin: string): Promise<number> {
    const [method = '', name = ''] = row.split(', ');
    const { script, config, cert } = failures[name] ?? { script: answer(Number(name)) };
    const server = script && (await startServer(script, cert ? { key, cert } : undefined));
    let sends = 0;
    const client = axios.create({
      ...(config as object),
      baseURL: server?.url ?? `http://127.0.0.1:${await refusedPort()}`,
      adapter: (config) => {
        sends += 1;
        return getAdapter('http')(config);
      },
    });
    attachments[plugin]?.(client);
    await caught(client.request({ method, url: '/' }));
    return sends;
  }

  test.each(
    guides.flatMap((guide) =>
      tableRows(read(guide), 'What is retried by default').map(
        ([row = '', there, here]) => [guide.replace('from-', ''), row, Number(there), Number(here)] as const,
      ),
    ),
  )('%s: %s is sent %i times there, %i times here', async (plugin, row, there, here) => {
    expect([await count(row, plugin), await count(row, 'attachRetry')]).toEqual([there, here]);
  });
});

describe('what goes wrong in retry-axios', () => {
  type Attach = (client: AxiosInstance) => void;
  const there: Attach = (client) => {
    client.defaults.raxConfig = { retryDelay: 1, httpMethodsToRetry: ['GET', 'PUT', 'POST'] };
    rax.attach(client);
  };
  const here: Attach = (client) =>
    void attachRetry(client, { baseDelay: 1, methods: ['GET', 'PUT', 'POST'] });

  async function compare<T>(
    script: readonly Step[],
    act: (client: AxiosInstance, requests: readonly RecordedRequest[]) => Promise<T>,
  ): Promise<readonly T[]> {
    const seen: T[] = [];
    for (const attach of [there, here]) {
      const { url, requests } = await startServer(script);
      const client = axios.create({ baseURL: url });
      attach(client);
      seen.push(await act(client, requests));
    }
    return seen;
  }
  const statusOf = (error: { response?: { status?: number } }): unknown => error.response?.status;
  const unwrapped = { data: 'whole' };

  test.each([['0'], ['Sat, 01 Jan 2000 00:00:00 GMT'], ['soon']])(
    '`Retry-After: %s` ends the request',
    async (text) => {
      const sends = await compare(
        [answer(503, '', { 'retry-after': text }), ok],
        async (client, requests) => {
          await client.get('/').catch(() => undefined);
          return requests.length;
        },
      );
      expect(sends).toEqual([1, 2]);
    },
  );

  test('an abort during the wait is noticed when the wait is over', async () => {
    const ended: boolean[] = [];
    for (const attach of [
      (client: AxiosInstance) => {
        client.defaults.raxConfig = { backoffType: 'static', retryDelay: 1_000 };
        rax.attach(client);
      },
      (client: AxiosInstance) => void attachRetry(client, { baseDelay: 1_000, jitter: 'none' }),
    ]) {
      const { url } = await startServer(busy);
      const client = axios.create({ baseURL: url });
      attach(client);
      const controller = new AbortController();
      let isOver = false;
      const sending = caught(client.get('/', { signal: controller.signal })).then(() => {
        isOver = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 60));
      controller.abort();
      await new Promise((resolve) => setTimeout(resolve, 60));
      ended.push(isOver);
      await sending;
    }
    expect(ended).toEqual([false, true]);
  });

  test('a stream is sent again empty', async () => {
    const seen = await compare([busy, echo()], async (client, requests) => {
      const status = await client.post('/', Readable.from(['all of it'])).then((r) => r.status, statusOf);
      return [status, requests.map(({ text }) => text)];
    });
    expect(seen).toEqual([
      [200, ['all of it', '']],
      [503, ['all of it']],
    ]);
  });

  test('a body is transformed twice and cut off at its first length', async () => {
    const seen = await compare([busy, echo()], async (client) => {
      const transformRequest = (data: unknown): string => JSON.stringify({ data });
      return client.put('/', 'text', { transformRequest }).then(({ data }) => data.body, statusOf);
    });
    expect(seen).toEqual([400, '{"data":"text"}']);
  });

  test('a URL is prefixed twice', async () => {
    const seen = await compare([busy, ok], async (client, requests) => {
      client.interceptors.request.use((config) => ({ ...config, url: `/v1${config.url}` }));
      await client.get('/path');
      return requests.map(({ url }) => url);
    });
    expect(seen).toEqual([
      ['/v1/path', '/v1/v1/path'],
      ['/v1/path', '/v1/path'],
    ]);
  });

  test('a later interceptor runs on one result again and again', async () => {
    const seen = await compare([busy, answer(200, unwrapped)], async (client) => {
      client.interceptors.response.use(({ data }) => data);
      return client.get('/').catch(() => 'failed');
    });
    expect(seen).toEqual(['whole', unwrapped]);
  });
});

describe('attachRetry answers the option names of', () => {
  const answers = {
    'axios-retry': {
      retries: 'maxAttempts',
      retryCondition: 'retryIf',
      retryDelay: 'wait',
      shouldResetTimeout: 'attemptTimeout',
      onRetry: 'beforeRetry',
      onMaxRetryTimesExceeded: 'observe',
      validateResponse: 'retryIf',
    },
    'retry-axios': {
      retry: 'maxAttempts',
      retryDelay: 'wait',
      httpMethodsToRetry: 'methods',
      statusCodesToRetry: 'statuses',
      onError: 'observe',
      onRetryAttempt: 'beforeRetry',
      shouldRetry: 'retryIf',
      backoffType: 'wait',
      checkRetryAfter: 'retryAfter',
      maxRetryAfter: 'retryAfter',
      maxRetryDelay: 'maxDelay',
    },
  };

  test.each(
    Object.entries(answers).flatMap(([plugin, names]) =>
      Object.entries(names).map(([theirs, ours]) => [plugin, theirs, ours] as const),
    ),
  )('%s: `%s` is spelled %s', (_plugin, theirs, ours) => {
    const attach = (): unknown => attachRetry(axios.create(), { [theirs]: 3 } as object);
    expect(attach).toThrow(TypeError);
    expect(attach).toThrow(`Expected retry option \`${theirs}\` to be spelled`);
    expect(attach).toThrow(new RegExp(`\\b${ours}\\b`));
  });
});
