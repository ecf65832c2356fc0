import { createRequire } from 'node:module';
import axios from 'axios';
import { answer, closeServers, startServer } from '../helpers/server.ts';
import { copyExample, endPrograms, type Program, providedFor, removeProjects, start } from './project.ts';

const { resolve } = createRequire(__filename);

// What cannot be had is counted as skipped.
const describeHere = providedFor('nestjs') ? describe : describe.skip;

describeHere('the NestJS module (NestJS comes from a cache, or the network)', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await copyExample('nestjs');
    const compiled = start(folder, [resolve('typescript/bin/tsc')]);
    const ended = await compiled.ended;
    // It says why.
    expect({ ended, says: compiled.output }).toEqual({ ended: [0, null], says: '' });
  });
  afterEach(async () => {
    await endPrograms();
    await closeServers();
  });
  afterAll(removeProjects);

  async function startApp(...script: Parameters<typeof startServer>) {
    const shop = await startServer(...script);
    const app = start(folder, ['dist/main.js'], { SHOP_URL: shop.url, PORT: '0', BASE_DELAY: '20' });
    const [, url] = await app.says(/Listening on (http\S+)/);
    const get = (path: string) => axios.get(String(url) + path, { proxy: false, validateStatus: null });
    return { shop, app, get };
  }

  const retried = (app: Program) => app.says(/WARN.*HttpClient.*/);

  it('answers after a retry, which the logger of Nest tells of', async () => {
    const { shop, app, get } = await startApp([answer(503), answer(200, { price: 12 })]);
    const { status, data } = await get('/prices/7');
    expect({ status, data }).toEqual({ status: 200, data: { price: 12 } });
    expect(shop.requests.map(({ url }) => url)).toEqual(['/articles/7', '/articles/7']);
    await retried(app);
  });

  const itOnUnix = process.platform === 'win32' ? it.skip : it;

  itOnUnix('ends on SIGTERM: what waits is answered at once, and nothing is sent again', async () => {
    const { shop, app, get } = await startApp(answer(503, {}, { 'retry-after': 1 }));
    const answered = get('/prices/7');
    await retried(app);
    app.signal('SIGTERM');
    const { status, data, headers } = await answered;
    expect({ status, reason: data.reason }).toEqual({ status: 502, reason: 'detached' });
    expect(headers.connection).toBe('close');
    expect(await app.ended).toEqual([null, 'SIGTERM']);
    expect(shop.requests).toHaveLength(1);
  });
});
