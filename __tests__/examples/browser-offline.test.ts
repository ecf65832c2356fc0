import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { root } from '../helpers/children.ts';
import { copyExample, endPrograms, type Program, removeProjects, start, until } from './project.ts';

const { resolve } = createRequire(__filename);

const script = join(root, 'scripts/chromium.mjs');
const executablePath = execFileSync(process.execPath, [script], { encoding: 'utf8' }).trim();
// What cannot be had is counted as skipped.
const itInChromium = executablePath ? it : it.skip;

const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

/** Serves what Vite has built, and an API beside it that fails as `failures` says, request after request. */
class Site {
  /** The notes that came, with their keys. */
  readonly posts: { readonly text: string; readonly key: unknown }[] = [];
  failures: ('503' | 'lost')[] = [];
  readonly #server: Server;

  constructor(folder: string) {
    this.#server = createServer(async (request, response) => {
      if (request.url === '/api/notes') {
        let body = '';
        for await (const chunk of request) body += chunk;
        this.posts.push({ text: JSON.parse(body).text, key: request.headers['idempotency-key'] });
        const failure = this.failures.shift();
        if (failure === 'lost') response.socket?.resetAndDestroy();
        // A connection for each request, for Chromium repeats by itself what breaks on one that was used before.
        else response.writeHead(failure === '503' ? 503 : 201, { connection: 'close' }).end('{}');
        return;
      }
      const file = join(folder, request.url === '/' ? 'index.html' : String(request.url));
      if (!existsSync(file)) response.writeHead(404).end();
      else response.writeHead(200, { 'content-type': types[extname(file)] ?? '', connection: 'close' });
      if (existsSync(file)) response.end(readFileSync(file));
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

describe('the page that can be offline', () => {
  let folder: string;
  let built: Program;
  let browser: Browser | undefined;
  let context: BrowserContext;
  let page: Page;
  let site: Site;
  let complaints: string[];

  beforeAll(async () => {
    folder = await copyExample('browser-offline');
    built = start(folder, [join(resolve('vite/package.json'), '../bin/vite.js'), 'build']);
    await built.ended;
    if (executablePath) browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    await endPrograms();
    removeProjects();
  });

  beforeEach(async () => {
    if (!browser) return;
    site = new Site(join(folder, 'dist'));
    context = await browser.newContext();
    page = await context.newPage();
    complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(await site.start());
    await page.waitForSelector('#connection:not(:empty)');
  });
  afterEach(async () => {
    if (!browser) return;
    await context.close();
    site.stop();
    expect(complaints).toEqual([]);
  });

  it('is built by Vite without a warning', async () => {
    expect(await built.ended).toEqual([0, null]);
    expect(built.output).not.toMatch(/warn/i);
  });

  async function write(text: string): Promise<void> {
    await page.fill('#text', text);
    await page.click('#form button');
  }

  const note = (text: string, state: string) =>
    page.waitForSelector(`#notes li:has-text("${text}") em:has-text("${state}")`, { timeout: 30_000 });

  itInChromium('saves a note', async () => {
    await write('milk');
    await note('milk', 'saved');
    expect(site.posts).toEqual([{ text: 'milk', key: expect.any(String) }]);
  });

  itInChromium('sends nothing while it is offline, and the note when the connection is back', async () => {
    await context.setOffline(true);
    await page.waitForSelector('#connection:has-text("Offline")');
    await write('bread');
    await note('bread', 'saving');
    // Longer than the first wait of the policy.
    await page.waitForTimeout(1_000);
    expect(site.posts).toEqual([]);
    await context.setOffline(false);
    await note('bread', 'saved');
    await page.waitForSelector('#connection:has-text("Online")');
    expect(site.posts).toHaveLength(1);
  });

  itInChromium('goes on after it went offline between two attempts', async () => {
    site.failures = ['503'];
    await write('tea');
    await until(() => site.posts.length === 1);
    await context.setOffline(true);
    await page.waitForTimeout(1_500);
    await context.setOffline(false);
    await note('tea', 'saved');
    expect(site.posts.map(({ text }) => text)).toEqual(['tea', 'tea']);
  });

  itInChromium('repeats a note whose answer was lost under the same key', async () => {
    site.failures = ['lost', 'lost'];
    await write('salt');
    await note('salt', 'saved');
    expect(site.posts.length).toBeGreaterThan(1);
    expect(new Set(site.posts.map(({ key }) => key)).size).toBe(1);
  });

  itInChromium('lets go of a note that is cancelled while it is offline', async () => {
    await context.setOffline(true);
    await write('eggs');
    await page.click('#notes li:has-text("eggs") button');
    await page.waitForSelector('#notes li', { state: 'detached' });
    await context.setOffline(false);
    await write('rice');
    await note('rice', 'saved');
    expect(site.posts.map(({ text }) => text)).toEqual(['rice']);
  });

  itInChromium('says that a note was not saved', async () => {
    site.failures = ['503', '503', '503'];
    await write('jam');
    await note('jam', 'not saved');
    expect(site.posts).toHaveLength(3);
  });
});
