// `npm run test:site`: the built site in headless Chromium. Every page in light and dark, wide and narrow; the playground
// computes what Node computes. `--shots <folder>` keeps pictures of the pages, `--only <part>` looks at those whose path has it.
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { chromium } from 'playwright-core';
import { findChromium } from './chromium.mjs';
import { conclude } from './provide.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const site = join(root, 'docs/.vitepress/dist');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = process.argv.includes('--shots')
  ? process.argv[process.argv.indexOf('--shots') + 1]
  : undefined;
/** The part of a path that a page must have to be looked at, all when left out. */
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;
const tally = { passed: 0, failed: 0, skipped: [] };

async function check(name, run) {
  let problem;
  try {
    await run();
  } catch (error) {
    problem = String(error.stack ?? error);
  }
  tally[problem ? 'failed' : 'passed'] += 1;
  console.log(problem ? `  ✗ ${name}\n      ${problem.replaceAll('\n', '\n      ')}` : `  ✓ ${name}`);
}

function equal(actual, expected, what) {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`);
}

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};

/** Serves the built site on 127.0.0.1, as any host of static files would. */
async function serve() {
  const server = createServer(({ url }, response) => {
    const path = decodeURIComponent(new URL(url, 'http://x').pathname);
    const file = join(site, normalize(path.endsWith('/') ? `${path}index.html` : path));
    if (!file.startsWith(site) || !existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' });
    return createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** The pages of the site. The reference is made of a few kinds: one page of each stands for all. */
function listPages() {
  const all = readdirSync(site, { recursive: true })
    .filter((name) => name.endsWith('.html') && name !== '404.html')
    .sort();
  const kinds = new Set();
  return all.filter((name) => {
    if (only && !name.includes(only)) return false;
    if (!name.startsWith('reference/')) return true;
    const kind = name.split('/').at(-2);
    const isNew = !kinds.has(kind) || name.endsWith('/RetryOptions.html');
    kinds.add(kind);
    return isNew;
  });
}

/** A page that notes what it complains of: errors on the console, and requests that fail or leave the site. */
async function open(context, origin, path) {
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error.stack ?? error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(origin))
      complaints.push(`asked ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} for ${response.url()}`);
  });
  await page.goto(`${origin}/${path}`);
  await page.waitForFunction(() => document.querySelector('#app')?.__vue_app__ !== undefined);
  await page.waitForLoadState('networkidle');
  return { page, complaints };
}

/** What axe finds serious or worse, in words. */
async function findBarriers(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .map(({ target }) => target.join(' '))
          .slice(0, 4)
          .join('; ')}`,
    );
}

const LOOKS = [
  { name: 'wide, light', viewport: { width: 1440, height: 900 }, colorScheme: 'light' },
  { name: 'narrow, dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark', hasTouch: true },
];

async function checkPages(browser, origin) {
  const times = [];
  for (const { name, ...look } of LOOKS) {
    console.log(`\nPages, ${name}`);
    const context = await browser.newContext({ ...look, reducedMotion: 'reduce' });
    for (const path of listPages()) {
      await check(path, async () => {
        const { page, complaints } = await open(context, origin, path);
        const measured = await page.evaluate(() => ({
          ready: performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd,
          overflow: document.documentElement.scrollWidth - innerWidth,
          broken: [...document.images]
            .filter((image) => image.complete && image.naturalWidth === 0)
            .map(({ src }) => src),
        }));
        times.push([measured.ready, path]);
        if (shots) {
          mkdirSync(shots, { recursive: true });
          const file = `${path.replaceAll('/', '-')}-${name.replace(', ', '-')}.png`;
          await page.screenshot({ path: join(shots, file), fullPage: true });
        }
        equal(complaints, [], 'complaints');
        equal(measured.broken, [], 'pictures that do not load');
        equal(Math.max(0, measured.overflow), 0, 'pixels that the page is too wide');
        equal(await findBarriers(page), [], 'barriers');
        await page.close();
      });
    }
    await context.close();
  }
  times.sort(([a], [b]) => a - b);
  if (times.length === 0) return;
  const [[median], [slowest, path]] = [times[times.length >> 1], times.at(-1)];
  console.log(
    `\nInteractive after ${Math.round(median)} ms (median); the slowest, ${path}, after ${Math.round(slowest)} ms`,
  );
}

/** The model of the playground as Node runs it, with the built package. */
async function loadModel() {
  const outfile = join(root, 'docs/.vitepress/cache/model.mjs');
  await esbuild.build({
    stdin: {
      contents: `export * from './outage.mjs'; export * from './policy-code.ts'; export * from './address.ts';`,
      resolveDir: join(root, 'docs/.vitepress/playground'),
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outfile,
    logLevel: 'error',
  });
  return import(outfile);
}

/** The cells of a table of the page, row by row, without its head. */
const cellsOf = (page, table) =>
  page.$$eval(`${table} tbody tr`, (rows) =>
    rows.map(({ cells }) => [...cells].map((cell) => cell.textContent.trim())),
  );

const replayed = (page) =>
  page.waitForFunction(() => document.querySelector('.progress')?.textContent === 'Replayed.', undefined, {
    timeout: 180_000,
  });

async function checkPlayground(browser, origin) {
  console.log('\nPlayground');
  const { toFragment, replay, readPolicy, optionsOf } = await loadModel();
  const api = await import('axios-tenacity');
  const context = await browser.newContext({ reducedMotion: 'reduce', permissions: ['clipboard-write'] });
  const shared = { code: 'attachRetry(client);', timeout: 3_000, clients: 5, trouble: '503' };
  const { page, complaints } = await open(context, origin, `playground.html#${toFragment(shared)}`);

  const policies = [
    'attachRetry(client);',
    "attachRetry(client, { maxAttempts: 6, baseDelay: 200, jitter: 'equal', totalTimeout: 9_000 });",
    'attachRetry(client, { wait: waitChain(waitFixed(100), waitCombine(waitFixed(3_000), waitRandom(0, 1_000))), maxAttempts: 5 });',
    "{ maxAttempts: 4, methods: ['GET', 'POST'], jitter: 'none' }",
  ];
  for (const code of policies) {
    await check(`the schedule and the explanation of ${code}`, async () => {
      await page.fill('#code', code);
      const expected = api.explainPolicy(optionsOf(readPolicy(code), api), { timeout: 3_000 });
      let sum = 0;
      const show = (ms) => `${Math.round(ms).toLocaleString('en')} ms`;
      const rows = expected.schedule.map(([least, most], index) => {
        sum += most;
        return [String(index + 1), show(least), show(most), show(sum)];
      });
      await page.waitForFunction(
        (count) => document.querySelectorAll('#schedule-table tbody tr').length === count,
        rows.length,
      );
      equal(await cellsOf(page, '#schedule-table'), rows, 'schedule');
      const [text] = String(expected).split('\n\nwarning');
      equal(await page.textContent('#explanation'), text, 'explanation');
      const warnings = await page.$$eval('#warnings li', (items) => items.map((item) => item.textContent));
      equal(
        warnings,
        expected.warnings.map(({ message }) => message),
        'warnings',
      );
    });
  }

  await check('the form follows the code, and the code the form', async () => {
    await page.fill('#code', '{ maxAttempts: 7, throttle: false, retryAfter: { max: 5_000 } }');
    equal(await page.inputValue('#maxAttempts'), '7', 'maxAttempts');
    equal(await page.inputValue('[id="retryAfter.max"]'), '5000', 'retryAfter.max');
    equal(
      await page.$eval('#throttle', ({ selectedOptions: [option] }) => option.textContent),
      'off',
      'throttle',
    );
    // As a person types: what is filled in by a program is no change to leave the field with.
    await page.locator('#baseDelay').pressSequentially('250');
    await page.press('#baseDelay', 'Tab');
    await page.selectOption('#jitter', { label: 'none' });
    const code =
      "attachRetry(client, {\n  maxAttempts: 7,\n  throttle: false,\n  retryAfter: { max: 5_000 },\n  baseDelay: 250,\n  jitter: 'none',\n});";
    equal(await page.inputValue('#code'), code, 'code');
  });

  await check('a mistake is told, in the words of the package, and keeps the last policy', async () => {
    const before = await page.textContent('#explanation');
    for (const [code, words] of [
      ['{ maxAttempts: 0 }', 'Expected retry option `maxAttempts` to be an integer ≥ 1 or Infinity, got 0'],
      ['{ maxAttempts: ', 'Expected a value before the end'],
      [
        '{ retryIf: alert(1) }',
        'alert cannot be used here: literals and strategies such as waitFixed(500) can',
      ],
    ]) {
      await page.fill('#code', code);
      equal(await page.textContent('#mistake'), words, code);
      equal(await page.textContent('#explanation'), before, 'explanation');
    }
  });

  await check('an outage comes to the same numbers as in Node', async () => {
    const code = '{ maxAttempts: 4, baseDelay: 300 }';
    await page.fill('#code', code);
    await page.waitForTimeout(600);
    await replayed(page);
    const world = { code, trouble: 'Outage: answered 503', clients: 5 };
    const expected = {};
    for (const way of ['policy', 'none', 'axios-retry']) expected[way] = await replay(way, world);
    const seconds = Array.from({ length: 80 }, (_, second) =>
      [second + 1, ...Object.values(expected).map(({ attempts }) => attempts[second])].map(String),
    );
    equal(await cellsOf(page, '#seconds-table'), seconds, 'attempts by second');
    const rows = Object.values(expected).map(({ load, success, peak }) => [
      `${load.toFixed(2)}×`,
      `${(100 * success).toFixed(1)} %`,
      `${peak.toFixed(2)}× the normal rate`,
    ]);
    equal(
      (await cellsOf(page, '#outage-table')).map(([, ...cells]) => cells),
      rows,
      'what came of it',
    );
  });

  await check('its address brings back what was there', async () => {
    await page.selectOption('#trouble', 'rate-limit');
    const again = await open(context, origin, page.url().slice(origin.length + 1));
    equal(await again.page.inputValue('#code'), '{ maxAttempts: 4, baseDelay: 300 }', 'code');
    equal(await again.page.inputValue('#trouble'), 'rate-limit', 'trouble');
    equal(await again.page.inputValue('#clients'), '5', 'clients');
    await again.page.close();
  });

  await check('the keyboard reaches everything', async () => {
    const ids = await page.$$eval(
      '.playground :is(textarea, input, select, button, summary)',
      (all) => all.length,
    );
    await page.focus('#code');
    const reached = new Set();
    for (let press = 0; press < ids + 20; press += 1) {
      reached.add(
        await page.evaluate(() => {
          const all = [
            ...document.querySelectorAll('.playground :is(textarea, input, select, button, summary)'),
          ];
          return all.indexOf(document.activeElement);
        }),
      );
      await page.keyboard.press('Tab');
    }
    reached.delete(-1);
    equal(reached.size, ids, 'elements that Tab reaches');
    await page.focus('#clients');
    await page.keyboard.press('ArrowRight');
    equal(await page.inputValue('#clients'), '10', 'clients after an arrow key');
  });

  await check('nothing is said on the console', () => equal(complaints, [], 'complaints'));
  await context.close();
}

const executablePath = findChromium();
if (executablePath) {
  const { origin, close } = await serve();
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    console.log(`Chromium ${browser.version()}`);
    await checkPages(browser, origin);
    await checkPlayground(browser, origin);
  } finally {
    await browser.close();
    close();
  }
} else tally.skipped.push('no Chromium here, and none to be had: the site was not looked at');
conclude(tally);
