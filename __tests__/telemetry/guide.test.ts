import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import axios, { type AxiosRequestConfig } from 'axios';
import { register } from 'prom-client';
import { attachRetryWithTelemetry } from '../../lib/opentelemetry.ts';
import type { Clock } from '../../lib/types.ts';
import { caught } from '../helpers/caught.ts';
import { runExample, withRuntime } from '../helpers/examples.ts';
import { codeBlocks } from '../helpers/markdown.ts';
import { startTelemetry, type Telemetry } from '../helpers/open-telemetry.ts';
import { answer, closeServers, refusedPort, startServer } from '../helpers/server.ts';

const docs = (name: string): string => readFileSync(join(__dirname, '../../docs', name), 'utf8');

const examples = codeBlocks(docs('guide/observing.md')).filter(({ lang }) => lang === 'ts');

const API = 'https://api.example.com';

/** The time of the machine, without waits. */
const hasty: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: () => Promise.resolve(),
};

let metricsPage: Server | undefined;
let telemetry: Telemetry | undefined;
afterEach(async () => {
  metricsPage?.close();
  metricsPage = undefined;
  await telemetry?.stop();
  telemetry = undefined;
  register.clear();
  await closeServers();
});

/** Runs the prom-client recipe against a server of ours; answers what its page tells. */
async function runRecipe(url: string): Promise<string> {
  const recipe = examples.find(({ heading }) => heading === 'Prometheus with prom-client');
  const create = (config?: AxiosRequestConfig) =>
    axios.create({ proxy: false, ...config, baseURL: config?.baseURL?.replace(API, url) } as object);
  const exported = await runExample(
    (recipe?.code ?? '')
      .replace('9464', '0')
      .replace("await client.get('/users/1');", "await client.get('/users/1').catch(() => undefined);"),
    {
      axios: { __esModule: true, default: { ...axios, create } },
      'axios-tenacity': withRuntime({ clock: hasty, random: () => 0.5 }),
    },
    {},
  );
  metricsPage = exported.metricsPage as Server;
  if (!metricsPage.listening) await once(metricsPage, 'listening');
  const { port } = metricsPage.address() as AddressInfo;
  const { data, headers } = await axios.get(`http://127.0.0.1:${port}/metrics`, { proxy: false });
  expect(headers['content-type']).toContain('text/plain');
  return data;
}

const samplesOf = (page: string): readonly string[] =>
  page.split('\n').filter((line) => line.startsWith('axios_tenacity'));

test('the prom-client recipe tells retries, waits, give-ups and tokens on its page', async () => {
  const { url, port } = await startServer([
    answer(503),
    answer(503, '', { 'retry-after': '2' }),
    answer(500),
  ]);
  const page = await runRecipe(url);
  const request = `http_request_method="GET",server_address="127.0.0.1",server_port="${port}"`;
  const by = (source: string) => `{${request},error_type="503",axios_tenacity_delay_source="${source}"}`;
  const samples = samplesOf(page);
  expect(samples).toEqual(
    expect.arrayContaining([
      `axios_tenacity_retries_total${by('backoff')} 1`,
      `axios_tenacity_retries_total${by('server')} 1`,
      `axios_tenacity_retry_delay_seconds_sum${by('backoff')} 0.5`,
      `axios_tenacity_retry_delay_seconds_count${by('server')} 1`,
      `axios_tenacity_give_ups_total{${request},error_type="500",axios_tenacity_reason="max-attempts"} 1`,
      expect.stringMatching(
        `axios_tenacity_throttle_tokens{server_address="127.0.0.1",server_port="${port}"} 4[789]`,
      ),
    ]),
  );
  expect(page).not.toContain('/users');
});

test('the prom-client recipe leaves a first success and a 404 alone', async () => {
  for (const status of [200, 404]) {
    const { url } = await startServer(answer(status));
    expect(samplesOf(await runRecipe(url))).toEqual([]);
    metricsPage?.close();
    register.clear();
  }
});

test('the prom-client recipe tells the code of a refused connection', async () => {
  const page = await runRecipe(`http://127.0.0.1:${await refusedPort()}`);
  expect(page).toContain('error_type="ECONNREFUSED"');
});

describe('the Grafana dashboard', () => {
  interface Dashboard {
    readonly panels: readonly {
      readonly title: string;
      readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
    }[];
    readonly templating: { readonly list: readonly { readonly definition: string }[] };
  }
  const { panels, templating }: Dashboard = JSON.parse(docs('public/grafana-dashboard.json'));
  const queries = [
    ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...templating.list.map(({ definition }) => definition),
  ];

  /** The names that a query uses, each with the labels that it uses of it. */
  const namesIn = (query: string): readonly string[] => query.match(/\baxios_tenacity_\w+/g) ?? [];
  const labelsIn = (query: string): readonly string[] =>
    [
      ...[...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(', ')),
      ...[...query.matchAll(/(\w+)=~/g)].map(([, label = '']) => label),
      ...[...query.matchAll(/label_values\(\w+, (\w+)\)/g)].map(([, label = '']) => label),
    ].filter((label) => label !== 'le');

  /** The name that the exporter of OpenTelemetry gives a metric in Prometheus. */
  const inPrometheus = (name: string, value: unknown): readonly string[] => {
    const base = name.replaceAll('.', '_');
    if (name === 'axios_tenacity.throttle.tokens') return [base];
    if (typeof value === 'number') return [`${base}_total`];
    const full = name === 'axios_tenacity.retry_delay' ? `${base}_seconds` : base;
    return ['bucket', 'sum', 'count'].map((part) => `${full}_${part}`);
  };

  test('asks for metrics and labels that OpenTelemetry gives', async () => {
    telemetry = startTelemetry([]);
    const { url } = await startServer(answer(503));
    const client = axios.create({ baseURL: url, proxy: false });
    attachRetryWithTelemetry(client, {}, { clock: hasty });
    await caught(client.get('/'));
    const given = new Map<string, ReadonlySet<string>>();
    for (const [name, [point]] of Object.entries(await telemetry.points())) {
      const labels = Object.keys(point?.attributes ?? {}).map((key) => key.replaceAll('.', '_'));
      for (const each of inPrometheus(name, point?.value)) given.set(each, new Set(labels));
    }
    expect(queries.length).toBeGreaterThan(6);
    for (const query of queries) {
      const names = namesIn(query).filter((name) => !labelsIn(query).includes(name));
      expect(names).not.toEqual([]);
      for (const name of names) {
        expect([...given.keys()]).toContain(name);
        for (const label of labelsIn(query)) expect([...(given.get(name) ?? [])]).toContain(label);
      }
    }
  });

  test('asks for metrics and labels that the prom-client recipe gives, but for one panel', async () => {
    const { url } = await startServer(answer(503));
    const samples = samplesOf(await runRecipe(url));
    const missing = panels
      .filter(({ targets }) =>
        targets.some(({ expr }) =>
          namesIn(expr)
            .filter((name) => !labelsIn(expr).includes(name))
            .some(
              (name) =>
                !samples.some(
                  (sample) =>
                    sample.startsWith(`${name}{`) &&
                    labelsIn(expr).every((label) => sample.includes(`${label}="`)),
                ),
            ),
        ),
      )
      .map(({ title }) => title);
    expect(missing).toEqual(['Retried requests by how they ended']);
  });

  test('has a panel for retries by reason, give-ups, tokens and added delay', () => {
    expect(panels.map(({ title }) => title)).toEqual(
      expect.arrayContaining(['Retries by reason', 'Give-ups by reason', 'Throttle tokens', 'Added delay']),
    );
  });
});
