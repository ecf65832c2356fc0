import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'node:util';
import axios, { type AxiosInstance } from 'axios';
import { setupCache } from 'axios-cache-interceptor';
import * as context from '../../lib/context.ts';
import { attachRetry, explainPolicy, logRetries, type RetryOptions, retryReport } from '../../lib/index.ts';
import { type Step as Outcome, scriptedAdapter, virtualClock } from '../../lib/testing.ts';
import { caught } from '../helpers/caught.ts';
import { fast } from '../helpers/clients.ts';
import { runExample, typeErrorsOf, withRuntime } from '../helpers/examples.ts';
import { type CodeBlock, codeBlocks, tableRows } from '../helpers/markdown.ts';
import { answer, closeServers, refusedPort, startServer } from '../helpers/server.ts';
import { ambient, type Scenario, scenarios } from './examples/readme.ts';

const root = join(__dirname, '../..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const readme = read('README.md');
const manifest = JSON.parse(read('package.json'));
const blocks = codeBlocks(readme);
const API = 'https://api.example.com';

afterEach(closeServers);

/** What an example says that it prints: in comments, or in the block of text right after it. */
function promised({ code, heading }: CodeBlock, next: CodeBlock | undefined): string {
  const comments = [...code.matchAll(/console\.log\(.+\); \/\/ (.+)$/gm)].map(([, text]) => `${text}\n`);
  if (comments.length > 0 || next?.lang !== 'text' || next.heading !== heading) return comments.join('');
  return next.code;
}

async function play(block: CodeBlock, scenario: Scenario, next: CodeBlock | undefined): Promise<void> {
  const { script = answer(200, { name: 'Ada' }), runtime = { clock: virtualClock() } } = scenario;
  const server = await startServer(script);
  const printed: string[] = [];
  const errors: string[] = [];
  const print = (text: string): void => void printed.push(`${text.replaceAll(server.url, API)}\n`);
  const console = {
    log: (...values: unknown[]) => print(format(...values)),
    warn: () => undefined,
    error: (text: string) => errors.push(text),
  };
  const { attachRetry: attach, ...names } = withRuntime({ random: () => 0.5, ...runtime });
  const client = axios.create({ baseURL: server.url, proxy: false });
  attach(client, { maxAttempts: 4 });

  const code = `${block.code}\n${scenario.epilogue ?? ''}`
    .replaceAll('https://eu.example.com', `${server.url}/eu`)
    .replaceAll(API, server.url);
  const example = runExample(
    code,
    {
      'axios-tenacity': { ...names, attachRetry: attach },
      'axios-tenacity/context': context,
      ...scenario.modules?.(print),
    },
    {
      axios,
      attachRetry: attach,
      client,
      console,
      logRetries,
      retryReport,
      ...(await scenario.names?.(server.url, print)),
    },
  );
  if (scenario.fails) await caught(example);
  const exports = scenario.fails ? {} : await example;
  expect(printed.join('')).toBe(promised(block, next));
  await scenario.check?.({ requests: server.requests, errors, client, exports });
}

describe('the examples of the README', () => {
  const typed = blocks.filter(({ lang }) => lang === 'ts');
  const isTest = ({ code }: CodeBlock): boolean => /^test\(/m.test(code);
  const examples = typed.filter((block) => !isTest(block));

  it('compile', () => {
    const sources = typed.map(({ code, line }) => ({ name: `README-${line}`, code }));
    expect(typeErrorsOf(sources, ambient)).toEqual([]);
  }, 60_000);

  const numbered = examples.map((block) => ({
    block,
    next: blocks[blocks.indexOf(block) + 1],
    scenario:
      scenarios[block.heading]?.[examples.filter(({ heading }) => heading === block.heading).indexOf(block)],
  }));

  it.each(numbered.map((example) => [example.block.heading, example.block.line, example] as const))(
    '%s, line %i',
    async (_heading, _line, { block, next, scenario }) => {
      if (!scenario)
        throw new Error('Expected a scenario for this example in __tests__/docs/examples/readme.ts');
      await play(block, scenario, next);
    },
  );

  const tests = readdirSync(join(root, '__tests__/docs/examples/testing')).map((name) =>
    read(`__tests__/docs/examples/testing/${name}`).replace(
      /'(?:\.\.\/)+lib\/(\w+)\.ts'/g,
      (_, name) => `'axios-tenacity${name === 'index' ? '' : `/${name}`}'`,
    ),
  );

  it.each(typed.filter(isTest).map((block) => [block.heading, block] as const))(
    '%s: is one of the tests in __tests__/docs/examples/testing',
    (_heading, { code }) => expect(tests).toContain(code),
  );

  it('are all that the scenarios are for', () => {
    const count = (heading: string): number => examples.filter((block) => block.heading === heading).length;
    const scripted = Object.entries(scenarios).map(([heading, { length }]) => [heading, length]);
    expect(scripted.map(([heading]) => [heading, count(heading as string)])).toEqual(scripted);
  });
});

describe('the claims of the README', () => {
  const claims = tableRows(readme, 'What is retried');
  const outcomes: Readonly<Record<string, readonly (readonly Outcome[])[]>> = {
    'no connection: refused, host not found': [['ECONNREFUSED'], ['ENOTFOUND']],
    '429, 425: the server says that it did not act': [[429], [425]],
    'connection reset, timeout, body cut off': [['ECONNRESET'], ['timeout'], ['truncated']],
    '408, 500, 502, 503, 504': [[408], [500], [502], [503], [504]],
    '409 after one of the two rows above': [
      [503, 409],
      ['ECONNRESET', 409],
    ],
    'any other status': [[304], [400], [401], [403], [404], [409], [410], [422], [501], [505]],
    'certificate or TLS error, bad URL, too many redirects, size limit, parse error': [
      ['CERT_HAS_EXPIRED'],
      ['EPROTO'],
      ['ERR_INVALID_URL'],
      ['ERR_FR_TOO_MANY_REDIRECTS'],
      [Object.assign(new Error('maxContentLength size of 9 exceeded'), { code: 'ERR_BAD_RESPONSE' })],
      ['HPE_INVALID_CONSTANT'],
    ],
    'cancelled by `signal` or `cancelToken`': [[new axios.CanceledError()]],
  };

  it('list every outcome that is played below', () => {
    expect(claims.map(([outcome]) => outcome)).toEqual(Object.keys(outcomes));
  });

  const columns: readonly (readonly [methods: readonly string[], retry: RetryOptions])[] = [
    [['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'], {}],
    [['POST', 'PATCH'], {}],
    [['POST', 'PATCH'], { idempotencyKey: true }],
  ];

  it.each(claims.map(([outcome = '', ...cells]) => [outcome, cells] as const))(
    '%s',
    async (outcome, cells) => {
      for (const [column, [methods, retry]] of columns.entries()) {
        for (const method of methods) {
          for (const script of outcomes[outcome] ?? []) {
            const adapter = scriptedAdapter([...script, 200, 200]);
            const client = axios.create({ adapter });
            attachRetry(client, retry, { clock: virtualClock() });
            await client.request({ method, url: '/x' }).catch(() => undefined);
            const answer = adapter.requests.length > script.length ? 'yes' : 'no';
            expect([method, retry, script, answer]).toEqual([method, retry, script, cells[column]]);
          }
        }
      }
    },
  );

  it('a POST over fetch to a refused port is not repeated with default redirects', async () => {
    const client = axios.create({ adapter: 'fetch', baseURL: `http://127.0.0.1:${await refusedPort()}` });
    attachRetry(client, {}, { clock: virtualClock() });
    expect(retryReport(await caught(client.post('/charges')))?.reason).toBe('unsafe-method');
  });

  describe('a cache interceptor on one instance', () => {
    const twins = async (attach: (client: AxiosInstance) => void): Promise<readonly unknown[]> => {
      const { url } = await startServer([answer(503), answer(200)]);
      const client = axios.create({ baseURL: url, proxy: false });
      attach(client);
      const patience = new Promise<never>((_, reject) => setTimeout(reject, 300, new Error('no end')));
      const sent = [client.get('/x'), client.get('/x')].map((answer) => Promise.race([answer, patience]));
      const outcomes = await Promise.allSettled(sent);
      return outcomes.map((outcome) =>
        outcome.status === 'fulfilled' ? outcome.value.status : (outcome.reason as Error).message,
      );
    };

    it('after us: a request that fails never settles', async () => {
      const outcomes = await twins((client) => {
        attachRetry(client, fast);
        setupCache(client);
      });
      expect(outcomes).toEqual(['no end', 'no end']);
    });

    it('before us: whoever waits for the answer of another request gets its first failure', async () => {
      const outcomes = await twins((client) => {
        setupCache(client);
        attachRetry(client, fast);
      });
      expect(outcomes).toEqual([200, 'Request failed with status code 503']);
    });
  });

  it('the table of options names every option', () => {
    const mistake = (): unknown => attachRetry(axios.create(), { nonsense: 1 } as object);
    const names = tableRows(readme, 'Options').map(([name]) => name?.replaceAll('`', ''));
    expect(mistake).toThrow(expect.objectContaining({ message: expect.stringContaining('one of ') }));
    let message = '';
    try {
      mistake();
    } catch (error) {
      message = (error as Error).message;
    }
    expect([...names].sort()).toEqual(/one of (.+), got/.exec(message)?.[1]?.split(', ').sort());
  });

  it('the table of options has the defaults that are in force', () => {
    const defaults = Object.fromEntries(
      tableRows(readme, 'Options').map(([name = '', value = '']) =>
        [name, value].map((cell) => cell.replaceAll('`', '')),
      ),
    );
    const { maxAttempts, maxElapsedTime, methods, statuses, jitter, idempotencyKey, ...facts } =
      explainPolicy();
    expect(defaults).toMatchObject({
      maxAttempts: String(maxAttempts),
      maxElapsedTime: `${maxElapsedTime / 1_000}_000`,
      methods: methods.join(' '),
      statuses: statuses.join(' '),
      jitter: `'${jitter}'`,
      idempotencyKey: String(idempotencyKey),
      throttle: facts.throttle ? 'on' : 'false',
    });
    const { baseDelay, maxDelay, exponentialBase } = defaults;
    const numbers = [baseDelay, maxDelay, exponentialBase].map((text) => Number(text?.replaceAll('_', '')));
    const named = {
      baseDelay: numbers[0],
      maxDelay: numbers[1],
      exponentialBase: numbers[2],
      maxAttempts: 20,
    };
    expect(explainPolicy(named).schedule).toEqual(explainPolicy({ maxAttempts: 20 }).schedule);
  });

  it('every reason is explained', () => {
    const [, union = ''] = /export type Reason =([^;]+);/.exec(read('lib/types.ts')) ?? [];
    const reasons = [...union.matchAll(/'([a-z-]+)'/g)].map(([, reason]) => reason);
    const explained = tableRows(readme, 'What happened: the report').flatMap(([name = '']) =>
      [...name.matchAll(/`([^`]+)`/g)].map(([, reason]) => reason),
    );
    expect(reasons).toContain('max-attempts');
    expect(explained).toEqual(expect.arrayContaining(reasons));
  });

  it('the table of support says what the manifest says', () => {
    const support = Object.fromEntries(tableRows(readme, 'Support'));
    expect(support.Node).toBe(manifest.engines.node.replace('>=', '≥ '));
    expect(support.axios).toBe(manifest.peerDependencies.axios);
    expect(manifest.dependencies).toBeUndefined();
  });

  it('the excerpt of the demo shows requests that the demo sends', () => {
    const source = read('demo/requests.mjs');
    const excerpt =
      blocks.find(({ heading, lang }) => heading === 'See it work' && lang === 'text')?.code ?? '';
    const titles = [...excerpt.matchAll(/^ *\d+ {2}\w+ (\S+) · (.+?) {2,}/gm)];
    expect(titles).toHaveLength(2);
    for (const [, path, what] of titles) expect(source).toContain(`('${path}', '${what}`);
  });

  it('every link leads somewhere', () => {
    const anchors = [...readme.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\d\s-]/gu, '')
        .replaceAll(' ', '-'),
    );
    const targets = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
    const broken = targets.filter((target) =>
      target.startsWith('#') ? !anchors.includes(target.slice(1)) : !existsSync(join(root, target)),
    );
    expect(broken).toEqual([]);
  });

  it('the two commands are there, and so are their scripts', () => {
    const commands = blocks.filter(({ heading }) => heading === 'See it work').map(({ code }) => code);
    expect(commands).toEqual(
      expect.arrayContaining(['npm install && npm test\n', 'npm install && npm run demo\n']),
    );
    expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(['test', 'demo']));
  });
});
