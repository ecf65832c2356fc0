/** What the manual says in tables and links is so. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import axios, { type AxiosInstance } from 'axios';
import { setupCache } from 'axios-cache-interceptor';
import { attachRetry, explainPolicy, type RetryOptions, retryReport } from '../../lib/index.ts';
import { type Step as Outcome, scriptedAdapter, virtualClock } from '../../lib/testing.ts';
import { caught } from '../helpers/caught.ts';
import { fast } from '../helpers/clients.ts';
import { codeBlocks, tableRows } from '../helpers/markdown.ts';
import { answer, closeServers, refusedPort, startServer } from '../helpers/server.ts';

const root = join(__dirname, '../..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const readme = read('README.md');
const whatIsRetried = read('docs/guide/what-is-retried.md');
const options = read('docs/guide/options.md');
const manifest = JSON.parse(read('package.json'));
const blocks = codeBlocks(readme);

afterEach(closeServers);

describe('the claims of the manual', () => {
  const claims = tableRows(whatIsRetried, 'By default');
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
      const patience = new Promise<never>((_, reject) => setTimeout(reject, 10_000, new Error('no end')));
      const sent = [client.get('/x'), client.get('/x')].map((answer) => Promise.race([answer, patience]));
      const outcomes = await Promise.allSettled(sent);
      return outcomes.map((outcome) =>
        outcome.status === 'fulfilled' ? outcome.value.status : (outcome.reason as Error).message,
      );
    };

    it('outside: one retried answer serves everybody', async () => {
      const outcomes = await twins((client) => {
        attachRetry(client, fast);
        setupCache(client);
      });
      expect(outcomes).toEqual([200, 200]);
    });

    it('inside: whoever waits for the answer of another request gets its first failure', async () => {
      const outcomes = await twins((client) => {
        setupCache(client);
        attachRetry(client, fast);
      });
      expect(outcomes).toEqual([200, 'Request failed with status code 503']);
    });
  });

  it('the table of options names every option', () => {
    const mistake = (): unknown => attachRetry(axios.create(), { nonsense: 1 } as object);
    const names = tableRows(options, 'All options').map(([name]) => name?.replaceAll('`', ''));
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
      tableRows(options, 'All options').map(([name = '', value = '']) =>
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
      cooldown: 'on, pacing',
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
    const explained = tableRows(read('docs/guide/observing.md'), 'Reasons').flatMap(([name = '']) =>
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

  it('the README says what the guide says', () => {
    expect(tableRows(readme, 'What is retried')).toEqual(claims);
    const defaultsOf = (rows: readonly (readonly string[])[]) => rows.map(([name, value]) => [name, value]);
    const all = defaultsOf(tableRows(options, 'All options'));
    for (const option of defaultsOf(tableRows(readme, 'The ten options most used')))
      expect(all).toContainEqual(option);
  });

  it('the README names tests that are there', () => {
    const named = tableRows(readme, 'Why this and not axios-retry').map(([, , test = '']) => test);
    expect(named).toHaveLength(9);
    for (const cell of named) {
      const [, name, file = '', title = ''] = /^\[`([\w/-]+)`\]\(([\w/.-]+)\): (.+)$/.exec(cell) ?? [];
      expect(file).toBe(`__tests__/${name}.test.ts`);
      const [, row, there, here] = /^(.+) is sent (\d) times there, (\d) times here$/.exec(title) ?? [];
      const guide = read('docs/guide/from-axios-retry.md');
      if (row) expect(tableRows(guide, 'What is retried by default')).toContainEqual([row, there, here]);
      else expect(read(file)).toContain(`'${title}'`);
    }
  });

  it('the two commands are there, and so are their scripts', () => {
    const commands = blocks.filter(({ heading }) => heading === 'See it work').map(({ code }) => code);
    expect(commands).toEqual(
      expect.arrayContaining(['npm install && npm test\n', 'npm install && npm run demo\n']),
    );
    expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(['test', 'demo', 'docs']));
  });
});

/** What a heading is called in an address, on GitHub and in VitePress. */
const slugOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\d\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

/** The headings of a page; a fenced block has none. */
const anchorsOf = (page: string): readonly string[] =>
  [
    ...read(page)
      .replace(/^```[\s\S]*?^```$/gm, '')
      .matchAll(/^#+ (.+)$/gm),
  ].map(([, heading = '']) => slugOf(heading));

const markdownIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => `${folder}/${name}`);

const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
  ...['docs/guide', 'docs/development', 'examples'].flatMap(markdownIn),
];

test.each(pages)('%s: every link leads somewhere', (page) => {
  const targets = [...read(page).matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, target = '']) => target);
  const broken = targets.filter((target) => {
    const [path = '', anchor] = target.split('#');
    const file = path.startsWith('/') ? join('docs/public', path) : path ? join(dirname(page), path) : page;
    return !existsSync(join(root, file)) || (anchor !== undefined && !anchorsOf(file).includes(anchor));
  });
  expect(broken).toEqual([]);
});
