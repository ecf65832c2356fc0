/** Every example of the README and of the guide compiles, runs, and prints what the page says. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { format } from 'node:util';
import axios from 'axios';
import * as context from '../../lib/context.ts';
import * as diagnostics from '../../lib/diagnostics.ts';
import { logRetries, retryReport } from '../../lib/index.ts';
import * as opentelemetry from '../../lib/opentelemetry.ts';
import * as redis from '../../lib/redis.ts';
import * as testing from '../../lib/testing.ts';
import { caught } from '../helpers/caught.ts';
import { runExample, typeErrorsOf, withRuntime } from '../helpers/examples.ts';
import { type CodeBlock, codeBlocks } from '../helpers/markdown.ts';
import { answer, closeServers, startServer } from '../helpers/server.ts';
import { ambient, type Scenario, scenarios } from './examples/scenarios.ts';

const root = join(__dirname, '../..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const API = 'https://api.example.com';
/** The port that an example with a server of its own listens on. */
const PORT = '8642';

/** Guides that compare two plugins, which `guides.test.ts` plays in pairs. */
const inPairs = ['from-axios-retry.md', 'from-retry-axios.md'];
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs/guide'))
    .filter((name) => name.endsWith('.md') && !inPairs.includes(name))
    .map((name) => `docs/guide/${name}`),
];

afterEach(closeServers);

/** What an example says that it prints: in comments, or in the block of text right after it. */
function promised({ code, heading }: CodeBlock, next: CodeBlock | undefined): string {
  const comments = [...code.matchAll(/console\.log\(.+\); \/\/ (.+)$/gm)].map(([, text]) => `${text}\n`);
  if (comments.length > 0 || next?.lang !== 'text' || next.heading !== heading) return comments.join('');
  return next.code;
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

async function play(block: CodeBlock, scenario: Scenario, next: CodeBlock | undefined): Promise<void> {
  const { script = answer(200, { name: 'Ada' }), runtime = { clock: testing.virtualClock() } } = scenario;
  const server = await startServer(script);
  const port = await freePort();
  const printed: string[] = [];
  const errors: string[] = [];
  const print = (text: string): void =>
    void printed.push(`${text.replaceAll(server.url, API).replaceAll(port, PORT)}\n`);
  const tell = (text: string): unknown => (scenario.told ? print(text) : errors.push(text));
  const console = {
    log: (...values: unknown[]) => print(format(...values)),
    table: () => undefined,
    warn: tell,
    error: tell,
  };
  const { attachRetry: attach, ...names } = withRuntime({ random: () => 0.5, ...runtime });
  const client = axios.create({ baseURL: server.url, proxy: false });
  attach(client, { maxAttempts: 4 });

  const code = `${block.code}\n${scenario.epilogue ?? ''}`
    .replaceAll('https://eu.example.com', `${server.url}/eu`)
    .replaceAll(API, server.url)
    .replaceAll(PORT, port);
  const example = runExample(
    code,
    {
      'axios-tenacity': { ...names, attachRetry: attach },
      'axios-tenacity/context': context,
      'axios-tenacity/diagnostics': diagnostics,
      'axios-tenacity/opentelemetry': opentelemetry,
      'axios-tenacity/redis': redis,
      'axios-tenacity/testing': testing,
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
  await scenario.check?.({ requests: server.requests, errors, client, exports, url: server.url });
}

const isTest = ({ code }: CodeBlock): boolean => /^test\(/m.test(code);
const typedBlocks = (page: string): readonly CodeBlock[] =>
  codeBlocks(read(page)).filter(({ lang }) => lang === 'ts');

/** The examples of a page, with what is printed after them and what they run against. */
function examplesOf(page: string) {
  const blocks = codeBlocks(read(page));
  const examples = typedBlocks(page).filter((block) => !isTest(block));
  return examples.map((block) => {
    const number = examples.filter(
      ({ heading, line }) => heading === block.heading && line < block.line,
    ).length;
    const next = blocks[blocks.findIndex(({ line }) => line === block.line) + 1];
    return { block, next, scenario: scenarios[page]?.[block.heading]?.[number] };
  });
}

it('the examples compile', () => {
  const sources = pages.flatMap((page) =>
    typedBlocks(page).map(({ code, line }) => ({ name: `${page.replace(/\W+/g, '-')}-${line}`, code })),
  );
  expect(typeErrorsOf(sources, ambient)).toEqual([]);
}, 300_000);

describe.each(pages.filter((page) => examplesOf(page).length > 0))('%s', (page) => {
  test.each(examplesOf(page).map((example) => [example.block.heading, example.block.line, example] as const))(
    '%s, line %i',
    async (_heading, _line, { block, next, scenario }) => {
      if (!scenario) throw new Error('Expected a scenario in __tests__/docs/examples/scenarios.ts');
      if (scenario.playedBy) expect(read(`__tests__/${scenario.playedBy}`)).toContain(block.heading);
      else await play(block, scenario, next);
    },
  );
});

const tests = readdirSync(join(root, '__tests__/docs/examples/testing')).map((name) =>
  read(`__tests__/docs/examples/testing/${name}`).replace(
    /'(?:\.\.\/)+lib\/(\w+)\.ts'/g,
    (_, name) => `'axios-tenacity${name === 'index' ? '' : `/${name}`}'`,
  ),
);

test.each(
  pages.flatMap((page) =>
    typedBlocks(page)
      .filter(isTest)
      .map((block) => [page, block.heading, block] as const),
  ),
)('%s, %s: is one of the tests in __tests__/docs/examples/testing', (_page, _heading, { code }) =>
  expect(tests).toContain(code),
);

test('the scenarios are for these examples and no others', () => {
  const count = (page: string, heading: string): number =>
    examplesOf(page).filter(({ block }) => block.heading === heading).length;
  const scripted = Object.entries(scenarios).flatMap(([page, headings]) =>
    Object.entries(headings).map(([heading, { length }]) => [page, heading, length] as const),
  );
  expect(scripted.map(([page, heading]) => [page, heading, count(page, heading)])).toEqual(scripted);
});
