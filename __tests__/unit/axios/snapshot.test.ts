import { AxiosHeaders } from 'axios';
import { type Config, copyOfConfig, Snapshot } from '../../../lib/axios/snapshot.ts';

/** A config as it comes to the plugin. */
const configOf = (): Config => ({
  method: 'post',
  url: '/orders',
  baseURL: 'https://api.example.com',
  params: { page: { from: 1 } },
  headers: new AxiosHeaders({ 'X-Trace': 'a' }),
  adapter: 'http',
  data: { items: [1] },
  proxy: { host: 'proxy.example', port: 8080 },
});

/** What interceptors, transforms and adapters do to a config on the way to the server. */
function edit(config: Config): void {
  config.headers.set('X-Trace', 'edited');
  Object.assign(config.params as object, { page: 'edited' });
  Object.assign(config.proxy as object, { port: 1 });
  (config.data as { items?: number[] }).items?.push(2);
  Object.assign(config, { method: 'get', url: '/edited', adapter: 'fetch' });
}

const shown = ({ headers, ...config }: Config) => ({ ...config, headers: headers.toJSON() });

test('a copy is the request as it was, whatever is done to the config that it came with', () => {
  const config = configOf();
  const snapshot = new Snapshot(config, true, true);
  edit(config);
  config.params = 'edited';
  expect(shown(snapshot.copy())).toEqual(shown(configOf()));
});

test('an edit of a copy reaches no other copy', () => {
  const snapshot = new Snapshot(configOf(), true, true);
  const copy = snapshot.copy();
  edit(copy);
  expect(shown(snapshot.copy())).toEqual(shown(configOf()));
  expect(snapshot.data).toEqual({ items: [1] });
  expect(snapshot.config).not.toBe(copy);
});

describe('where nobody but axios edits', () => {
  test('the config and the body are not copied', () => {
    const config = configOf();
    const snapshot = new Snapshot(config, false, false);
    expect(snapshot.config).toBe(config);
    expect(snapshot.data).toBe(config.data);
  });

  test('what axios changes on the way is kept all the same', () => {
    const config = configOf();
    const snapshot = new Snapshot(config, false, false);
    config.headers.set('X-Trace', 'edited');
    Object.assign(config, { method: 'get', url: '/edited', adapter: 'fetch', params: {}, data: '{}' });
    expect(shown(snapshot.copy())).toEqual(shown(configOf()));
    expect(snapshot.headers).toEqual({ 'X-Trace': 'a' });
  });

  test('once sealed, edits of the config reach no copy', () => {
    const config = configOf();
    const snapshot = new Snapshot(config, false, false);
    snapshot.seal();
    const sealed = snapshot.config;
    expect(sealed).not.toBe(config);
    Object.assign(config.proxy as object, { port: 1 });
    expect(snapshot.copy().proxy).toEqual({ host: 'proxy.example', port: 8080 });
    snapshot.seal();
    expect(snapshot.config).toBe(sealed);
  });
});

test('a snapshot that was copied at first is not copied again when it is sealed', () => {
  const snapshot = new Snapshot(configOf(), true, true);
  const { config } = snapshot;
  snapshot.seal();
  expect(snapshot.config).toBe(config);
});

test('the body is copied where somebody may edit it', () => {
  const config = configOf();
  const { data } = new Snapshot(config, false, true);
  expect(data).toEqual(config.data);
  expect(data).not.toBe(config.data);
});

test('headers with values of their own are copied where somebody may edit them', () => {
  const config = configOf();
  const values = ['a'];
  config.headers = Object.assign(new AxiosHeaders(), { 'Set-Cookie': values });
  const snapshot = new Snapshot(config, true, true);
  values.push('b');
  expect(snapshot.headers).toEqual({ 'Set-Cookie': ['a'] });
});

test('headers are of the class that the instance knows', () => {
  class OtherHeaders extends AxiosHeaders {}
  const config = { ...configOf(), headers: new OtherHeaders({ 'X-Trace': 'a' }) };
  const snapshot = new Snapshot(config, true, true);
  expect(snapshot.copy().headers).toBeInstanceOf(OtherHeaders);
  const headers = snapshot.headersOf({ 'X-Trace': 'b' });
  expect(headers).toBeInstanceOf(OtherHeaders);
  expect(headers.get('x-trace')).toBe('b');
  expect(snapshot.headersOf(undefined).toJSON()).toEqual({});
});

test('a copied config has no prototype and no body, and keeps what stands under symbols', () => {
  const mark = Symbol('mark');
  const inherited = Object.assign(Object.create({ timeout: 5 }) as object, configOf(), { [mark]: 1 });
  const copy = copyOfConfig(inherited as Config);
  expect(Object.getPrototypeOf(copy)).toBeNull();
  expect('data' in copy).toBe(false);
  expect(copy).toMatchObject({ timeout: 5, url: '/orders', [mark]: 1 });
});
