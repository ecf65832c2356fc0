import { ensureBuild, root, runNode } from '../helpers/children.ts';

beforeAll(ensureBuild, 120_000);

describe('the ESM and the CommonJS build in one process', () => {
  /** Runs a script that has both builds as `esm` and `cjs`, each with the axios it loads; gives what it prints. */
  async function runBoth(body: string): Promise<unknown> {
    const script = `
      import { createServer } from 'node:http';
      import { createRequire } from 'node:module';
      import axiosEsm from 'axios';
      import * as esm from './dist/esm/index.js';
      const require = createRequire(process.cwd() + '/');
      const axiosCjs = require('axios');
      const cjs = require('./dist/cjs/index.js');
      let requests = 0;
      const server = createServer((_, response) => { requests += 1; response.writeHead(503).end(); });
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      const baseURL = 'http://127.0.0.1:' + server.address().port;
      const fast = { baseDelay: 1 };
      const client = axiosEsm.create({ baseURL });
      esm.attachRetry(client, fast);
      const print = (value) => console.log(JSON.stringify(value));
      ${body}
      server.closeAllConnections();
      server.close();`;
    return JSON.parse(await runNode(root, '--input-type=module', '-e', script));
  }

  test('know what the other one gave up on', async () => {
    const printed = await runBoth(`
      const outer = axiosCjs.create({ adapter: async (config) => {
        try { return await client.get('/'); } catch (cause) {
          throw Object.assign(new axiosCjs.AxiosError('failed', 'ECONNRESET', config), { cause });
        }
      } });
      cjs.attachRetry(outer, fast);
      const error = await outer.get('/').catch((error) => error);
      print([axiosEsm === axiosCjs, requests, cjs.wasRetried(error), esm.wasRetried(error), esm.retryReport(error).reason]);
    `);
    expect(printed).toEqual([false, 3, true, true, 'already-retried']);
  });

  test('share batches, budgets and limiters', async () => {
    const printed = await runBoth(`
      const { rejected } = await cjs.batch(['a', 'b'], (item) => client.get(item), { wait: () => 0 });
      const once = requests;
      const budget = new esm.RetryBudget({ maxRetries: 1 });
      const limited = axiosEsm.create({ baseURL, adapter: cjs.limitConcurrency(1, cjs.retryTransport()) });
      await cjs.batch(['a', 'b'], (item) => limited.get(item), { wait: () => 0, budget });
      print([rejected.size, once, requests - once, budget.remainingRetries]);
    `);
    expect(printed).toEqual([2, 6, 3, 0]);
  });
});
