import axios, { type CreateAxiosDefaults } from 'axios';
import {
  attachRetryWithTelemetry,
  ResendCountProcessor,
  resendCountHook,
  type TelemetryRetryOptions,
} from '../../lib/opentelemetry.ts';
import { adapters, fast } from '../helpers/clients.ts';
import { inSpan, startTelemetry, type Telemetry } from '../helpers/open-telemetry.ts';
import {
  answer,
  closeServers,
  redirect,
  resetAfterReading,
  type Step,
  startServer,
} from '../helpers/server.ts';

let telemetry: Telemetry;
afterEach(async () => {
  await closeServers();
  await telemetry.stop();
});

const ok = answer(200);
const busy = answer(503);

const scripts: Readonly<Record<string, readonly Step[]>> = {
  'a success': [ok],
  'three attempts': [busy, resetAfterReading(), ok],
  'given up': [busy, busy, busy],
};

/** A client against a server that plays a script. */
async function createClient(
  script: Step | readonly Step[],
  options: TelemetryRetryOptions = {},
  defaults: CreateAxiosDefaults = {},
) {
  const server = await startServer(script);
  const client = axios.create({ baseURL: server.url, proxy: false, ...defaults });
  const handle = attachRetryWithTelemetry(client, { ...fast, ...options });
  return { client, server, handle };
}

describe.each(adapters)('over %s', (adapter) => {
  describe.each([
    ['without a span of ours', {}],
    ['with the span', { telemetry: { span: true } }],
  ])('%s', (_name, options: TelemetryRetryOptions) => {
    test.each(Object.keys(scripts))('%s', async (name) => {
      telemetry = startTelemetry([new ResendCountProcessor()]);
      const { client } = await createClient(scripts[name] ?? [], options, { adapter });
      await inSpan(() => client.get('/path?key=s3cr3t').catch(() => undefined));
      expect(telemetry.tree()).toMatchSnapshot();
    });

    test('three attempts, no parent', async () => {
      telemetry = startTelemetry([new ResendCountProcessor()]);
      const { client } = await createClient([busy, busy, ok], options, { adapter });
      await client.get('/path');
      expect(telemetry.tree()).toMatchSnapshot();
    });
  });

  test('the request hook does what the processor does', async () => {
    telemetry = startTelemetry([], resendCountHook);
    const { client } = await createClient([busy, busy, ok], {}, { adapter });
    await inSpan(() => client.get('/path'));
    expect(telemetry.tree()).toMatchSnapshot();
  });

  test('each hop of a redirected retry counts as that retry', async () => {
    telemetry = startTelemetry([new ResendCountProcessor()]);
    const { client } = await createClient([busy, redirect('/there'), ok], {}, { adapter });
    await inSpan(() => client.get('/path'));
    expect(telemetry.tree()).toMatchSnapshot();
  });
});
