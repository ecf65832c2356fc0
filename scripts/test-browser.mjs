// `npm run test:browser`: the packed files, bundled by Vite and by esbuild, in headless Chromium
// and in headless Firefox.
// `npm run test:browser -- firefox` leaves out the other one. CHROMIUM and FIREFOX name them, if they are not where Debian puts them.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { chromium } from 'playwright-core';
import * as vite from 'vite';
import { startApi, startPages } from '../__tests__/runtimes/browser/server.js';
import { findChromium, findFirefox } from './chromium.mjs';
import { conclude, npm } from './provide.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = fileURLToPath(new URL('../__tests__/runtimes/browser', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'axios-tenacity-browser-'));
const inFolder = (...names) => join(folder, ...names);

const INSECURE_HOST = 'shop.test';
const tally = { passed: 0, failed: 0, skipped: [] };

function report(name, problem) {
  tally[problem ? 'failed' : 'passed'] += 1;
  console.log(problem ? `  ✗ ${name}\n      ${problem.replaceAll('\n', '\n      ')}` : `  ✓ ${name}`);
}

/** Runs a check and reports it; one that hangs is a failure with a name. */
async function check(name, run) {
  report(
    name,
    await within(60, run()).then(
      () => undefined,
      (error) => String(error.stack ?? error),
    ),
  );
}

/** The promise, or a rejection after so many seconds. */
function within(seconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not done in ${seconds} s`)), 1_000 * seconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function equal(actual, expected, what) {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`);
}

/** Lays a project out that has the packed files installed, and the page in it. */
function install() {
  npm(['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const [tarball] = readdirSync(folder);
  const installed = inFolder('node_modules', 'axios-tenacity');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', inFolder(tarball), '-C', installed, '--strip-components=1']);
  symlinkSync(join(root, 'node_modules', 'axios'), inFolder('node_modules', 'axios'), 'dir');
  cpSync(pages, inFolder('src'), { recursive: true });
}

/** Builds with esbuild; answers the files that went in. */
async function buildWithEsbuild(options) {
  const { warnings, metafile } = await esbuild.build({
    absWorkingDir: folder,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
    metafile: true,
    ...options,
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  equal(
    [warnings.map(({ text }) => text), imports.map(({ path }) => path)],
    [[], []],
    'warnings and imports that are left',
  );
  return Object.keys(metafile.inputs);
}

/** Builds with Vite; answers the files that went in. */
async function buildWithVite(name, build) {
  const warnings = [];
  const warn = (text) => warnings.push(text);
  const inputs = [];
  await vite.build({
    root: inFolder('src'),
    configFile: false,
    base: './',
    logLevel: 'warn',
    customLogger: { ...vite.createLogger('silent'), warn, warnOnce: warn, error: warn },
    plugins: [
      {
        name: 'inputs',
        buildEnd() {
          inputs.push(...this.getModuleIds());
        },
      },
    ],
    build: { outDir: inFolder(name), emptyOutDir: true, target: 'es2022', ...build },
    worker: { format: 'es' },
  });
  equal(warnings, [], 'warnings');
  return inputs;
}

function refuseNode(inputs) {
  const ofNode =
    /vite-browser-external|^node:|[\\/](form-data|follow-redirects|proxy-from-env)[\\/]|adapters[\\/]http\.js$|platform[\\/]node/;
  equal(
    inputs.filter((input) => ofNode.test(input)),
    [],
    'files for Node',
  );
  if (!inputs.some((input) => input.includes('axios-tenacity'))) throw new Error('the package is not in it');
}

async function checkBundlers() {
  console.log('\nBundlers');
  for (const [what, names] of [
    ['{ attachRetry }', '{ attachRetry }'],
    ['the main entry', '*'],
  ]) {
    const contents = `export ${names} from 'axios-tenacity'`;
    writeFileSync(inFolder('src', 'alone.js'), contents);
    await check(
      `esbuild bundles ${what} for the browser without a word, and with nothing of Node`,
      async () => {
        const options = { stdin: { contents, resolveDir: folder }, write: false };
        refuseNode(await buildWithEsbuild(options));
      },
    );
    await check(`Vite bundles ${what} for the browser without a word, and with nothing of Node`, async () => {
      const lib = { entry: inFolder('src', 'alone.js'), formats: ['es'], fileName: 'alone' };
      refuseNode(await buildWithVite('vite-alone', { lib }));
    });
  }
  await check('both bundle the page of the tests', async () => {
    const input = inFolder('src', 'index.html');
    refuseNode(await buildWithVite('vite', { rollupOptions: { input } }));
    const entryPoints = ['src/page.js', 'src/worker.js'];
    refuseNode(await buildWithEsbuild({ entryPoints, outdir: inFolder('esbuild') }));
    cpSync(input, inFolder('esbuild', 'index.html'));
    // A service worker is one script.
    for (const name of ['vite', 'esbuild']) {
      const serviceWorker = {
        entryPoints: ['src/service-worker.js'],
        outdir: inFolder(name),
        format: 'iife',
      };
      refuseNode(await buildWithEsbuild(serviceWorker));
    }
  });
}

/**
 * Starts Chromium by hand, since Playwright keeps the background tabs of a browser that it starts awake, and connects to
 * it. Answers how to end it as well.
 */
async function start(executablePath) {
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--remote-debugging-port=0',
    `--user-data-dir=${inFolder('profile')}`,
    `--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`,
  ];
  const child = spawn(executablePath, [...flags, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] });
  process.once('exit', () => child.kill());
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const address = await new Promise((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (text) => {
      said += text;
      const [, url] = /listening on (ws:\S+)/.exec(said) ?? [];
      if (url) resolve(url);
    });
    const fail = () => reject(new Error(`Chromium did not start: ${said}`));
    child.once('exit', fail);
    child.once('error', fail);
    setTimeout(fail, 60_000).unref();
  });
  const browser = await chromium.connectOverCDP(address, { noDefaults: true });
  const stop = async () => {
    await browser.close().catch(() => undefined);
    child.kill();
    await ended;
  };
  return { browser, stop };
}

/** What Chromium itself says of a request that failed. */
const OF_THE_NETWORK = /^(Failed to load resource:|Access to (XMLHttpRequest|fetch) at )/;

const servers = [];

async function serve(start, argument) {
  const server = await start(argument);
  servers.push(server);
  return server;
}

function refusedPort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function checkBrowser(executablePath) {
  const { browser, stop } = await start(executablePath);
  console.log(`\nChromium ${browser.version()}`);
  try {
    const [context] = browser.contexts();
    const control = async ({ offline }) => {
      // The answer must get through first.
      setTimeout(() => context.setOffline(true), 50);
      setTimeout(() => context.setOffline(false), 50 + Number(offline));
    };
    const { port } = await serve(startApi, { control });
    const world = { api: `http://127.0.0.1:${port}`, deadPort: await refusedPort() };
    const ports = {
      vite: (await serve(startPages, inFolder('vite'))).port,
      esbuild: (await serve(startPages, inFolder('esbuild'))).port,
    };
    const open = async (url) => {
      const page = await context.newPage();
      const complaints = [];
      page.on('pageerror', (error) => complaints.push(String(error.stack ?? error)));
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type()) && !OF_THE_NETWORK.test(message.text()))
          complaints.push(`${message.type()}: ${message.text()}`);
      });
      await page.goto(url);
      await page.waitForFunction(() => 'tenacity' in globalThis);
      return { page, complaints };
    };

    const places = [
      ['a page built by Vite', `http://127.0.0.1:${ports.vite}/`, 'runCases', false],
      ['a worker built by Vite', `http://127.0.0.1:${ports.vite}/`, 'runInWorker', false],
      [
        'a service worker built by esbuild',
        `http://127.0.0.1:${ports.esbuild}/`,
        'runInServiceWorker',
        false,
        // It hears nothing of a network that Chromium takes away from a page.
        { staysOnline: true },
      ],
      [
        'a page built by esbuild, in an insecure context',
        `http://${INSECURE_HOST}:${ports.esbuild}/`,
        'runCases',
        true,
      ],
      [
        'a worker built by esbuild, in an insecure context',
        `http://${INSECURE_HOST}:${ports.esbuild}/`,
        'runInWorker',
        true,
      ],
    ];
    for (const [name, url, run, isInsecure, more] of places) {
      console.log(`\nIn ${name}`);
      const { page, complaints } = await open(url);
      equal(await page.evaluate(() => globalThis.isSecureContext), !isInsecure, 'isSecureContext');
      const running = page.evaluate(
        ([how, what]) => globalThis.tenacity[how](what),
        [run, { ...world, isInsecure, ...more }],
      );
      const results = await within(120, running);
      for (const [title, problem] of results) report(title, problem);
      report('nothing is said on the console', complaints.join('\n'));
      await page.close();
    }
    await checkTime(`http://127.0.0.1:${ports.vite}/`, world, context, open);
  } finally {
    await stop();
  }
}

/** What keeps a Firefox of tests from asking anybody else, and from greeting. */
const FIREFOX_PREFERENCES = {
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'browser.aboutwelcome.enabled': false,
  'browser.safebrowsing.downloads.remote.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.search.update': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.topsites.contile.enabled': false,
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.push.connection.enabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.update.enabled': false,
  'geo.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'network.prefetch-next': false,
  'network.trr.mode': 5,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.server': '',
};

/** Opens a page that runs the cases by itself, in itself, in a worker and in a service worker, and tells the API. */
async function checkFirefox(executablePath) {
  const profile = inFolder('firefox');
  mkdirSync(profile);
  const lines = Object.entries(FIREFOX_PREFERENCES).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(profile, 'user.js'), lines.join(''));
  let receive;
  const reported = new Promise((resolve) => {
    receive = resolve;
  });
  const { port } = await serve(startApi, { receive });
  const pages = await serve(startPages, inFolder('esbuild'));
  const api = `http://127.0.0.1:${port}`;
  const world = { api, deadPort: await refusedPort(), isInsecure: false, isFirefox: true, staysOnline: true };
  const query = new URLSearchParams({ world: JSON.stringify(world), report: `${api}/report` });
  const version = spawnSync(executablePath, ['--version'], { encoding: 'utf8' }).stdout.trim();
  console.log(`\n${version}`);
  const address = `http://127.0.0.1:${pages.port}/?${query}`;
  const args = ['--headless', '--no-remote', '--profile', profile, address];
  const env = { ...process.env, HOME: folder, MOZ_CRASHREPORTER_DISABLE: '1' };
  const child = spawn(executablePath, args, { stdio: 'ignore', env });
  const stop = () => child.kill('SIGKILL');
  process.once('exit', stop);
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    const early = ended.then((code) => Promise.reject(new Error(`Firefox ended with ${code}`)));
    for (const [place, results] of await within(360, Promise.race([reported, early]))) {
      console.log(`\nIn ${place}, in Firefox`);
      for (const [title, problem] of results) report(title, problem);
    }
  } finally {
    stop();
    await ended;
  }
}

async function checkTime(url, { api }, context, open) {
  console.log('\nTime');
  const openOne = async () => {
    const { page } = await open(url);
    const session = await context.newCDPSession(page);
    const recover = (delay, adapter = 'fetch') =>
      page.evaluate(([a, d, how]) => globalThis.tenacity.recoverOnce(a, d, how), [api, delay, adapter]);
    return { page, session, recover };
  };
  const isBetween = (value, least, most, what) => {
    if (!(value >= least && value <= most)) throw new Error(`${what}: ${value} is not in ${least}…${most}`);
  };

  for (const adapter of ['xhr', 'fetch']) {
    await check(`${adapter}: a wait of nothing is no wait`, async () => {
      const { page, recover } = await openOne();
      const { took, delay } = await recover(0, adapter);
      equal(delay, 0, 'delay');
      isBetween(took, 0, 5_000, 'took');
      await page.close();
    });

    await check(
      `${adapter}: timers that a background tab holds back end a wait late and never early`,
      async () => {
        const { page, recover } = await openOne();
        const other = await context.newPage();
        await other.bringToFront();
        await page.waitForFunction(() => document.visibilityState === 'hidden', undefined, { polling: 50 });
        const timer = () =>
          page.evaluate(async () => {
            const before = performance.now();
            await new Promise((resolve) => setTimeout(resolve, 100));
            return performance.now() - before;
          });
        await timer();
        isBetween(await timer(), 500, 10_000, 'a timer of 100 ms of a tab that is asleep');
        const { took, attempts } = await recover(300, adapter);
        equal(attempts, 2, 'attempts');
        isBetween(took, 300, 20_000, 'took');
        await other.close();
        await page.close();
      },
    );

    await check(`${adapter}: a page that is frozen during a wait goes on when it thaws`, async () => {
      const { page, session, recover } = await openOne();
      const recovering = recover(400, adapter);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await session.send('Page.setWebLifecycleState', { state: 'frozen' });
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      await session.send('Page.setWebLifecycleState', { state: 'active' });
      const { took, attempts } = await recovering;
      equal(attempts, 2, 'attempts');
      isBetween(took, 1_200, 20_000, 'took');
      await page.close();
    });

    await check(`${adapter}: a time of day that jumps does not move a wait`, async () => {
      for (const jump of [-3_600_000, 3_600_000]) {
        const { page, recover } = await openOne();
        await page.evaluate((ms) => {
          const { now } = Date;
          setTimeout(() => (Date.now = () => now.call(Date) + ms), 100);
        }, jump);
        const { took, attempts } = await recover(400, adapter);
        equal(attempts, 2, 'attempts');
        isBetween(took, 400, 20_000, 'took');
        await page.close();
      }
    });
  }

  await check('an hour of waiting passes when an hour of virtual time does', async () => {
    const { page, session, recover } = await openOne();
    const hour = 3_600_000;
    const policy = { policy: 'pauseIfNetworkFetchesPending', budget: 2 * hour };
    const grant = () => session.send('Emulation.setVirtualTimePolicy', policy).catch(() => undefined);
    // A page that has nothing to do yet spends all of it at once.
    session.on('Emulation.virtualTimeBudgetExpired', grant);
    await grant();
    const { took, attempts } = await recover(hour);
    equal(attempts, 2, 'attempts');
    isBetween(took, hour, hour + 60_000, 'took');
    await page.close();
  });
}

try {
  install();
  await checkBundlers();
  const [asked] = process.argv.slice(2);
  for (const [name, find, checkIt] of [
    ['Chromium', findChromium, checkBrowser],
    ['Firefox', findFirefox, checkFirefox],
  ]) {
    if (asked && asked !== name.toLowerCase()) continue;
    const file = find();
    if (file) await checkIt(file).catch((error) => report(name, String(error.stack ?? error)));
    else tally.skipped.push(`no ${name} here, and none to be had: nothing was tested in it`);
  }
} finally {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
}
conclude(tally);
