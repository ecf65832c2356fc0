import { getEventListeners } from 'node:events';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient } from '../helpers/clients.ts';
import { drip } from '../helpers/drip.ts';
import { eventually } from '../helpers/eventually.ts';
import { readText } from '../helpers/read-stream.ts';
import { answer, closeServers, startServer } from '../helpers/server.ts';

afterEach(closeServers);

interface AnyStream {
  destroy?(): unknown;
  cancel?(): Promise<unknown>;
}

describe.each(adapters)('a streamed response under a deadline, over %s,', (adapter) => {
  const { client } = createClient({ adapter, responseType: 'stream' }, { totalTimeout: 5_000 });

  test.each<[string, (stream: AnyStream) => unknown]>([
    ['read to its end', readText],
    ['destroyed or cancelled', (stream) => (stream.destroy ? stream.destroy() : stream.cancel?.())],
  ])('%s, leaves no listener on the signal of the caller', async (_, end) => {
    const server = await startServer(answer(200, 'text'));
    const { signal } = new AbortController();
    const { data } = await client.get(server.url, { signal });
    await end(data);
    await eventually(() => getEventListeners(signal, 'abort').length === 0);
  });

  test('still ends when the caller aborts, however long after the answer', async () => {
    const server = await startServer(drip(200, 10_000));
    const controller = new AbortController();
    const { data } = await client.get(server.url, { signal: controller.signal });
    const reading = caught(readText(data));
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort();
    expect(await reading).toBeDefined();
    await eventually(() => getEventListeners(controller.signal, 'abort').length === 0);
  });
});
