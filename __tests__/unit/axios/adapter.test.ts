import axios, { type AxiosAdapter, AxiosError, AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import { adapterFor, senderOf } from '../../../lib/axios/adapter.ts';
import { caught } from '../../helpers/caught.ts';
import { scripted } from '../../helpers/scripted.ts';

const config = () => ({ headers: new AxiosHeaders(), url: '/' });

test.each([[null], [false]])('%p in a list stands for an adapter that is left out', async (leftOut) => {
  const send = senderOf([leftOut as never, scripted(200).adapter]);
  expect((await send(config())).status).toBe(200);
});

test.each<[unknown]>([[[0, 'http']], [['', 'http']], [[undefined, 'http']], [[null, false]], [[]], ['']])(
  '%p is no adapter',
  (adapter) => {
    expect(() => senderOf(adapter as never)).toThrow(
      /^Expected `adapter` to be the name of an adapter, a function, or an array of these, got /,
    );
  },
);

test('the default is what axios has now, whatever takes its place', async () => {
  const { adapter } = axios.defaults;
  try {
    axios.defaults.adapter = scripted(201).adapter;
    const send = senderOf();
    axios.defaults.adapter = send;
    expect((await send(config())).status).toBe(201);
  } finally {
    axios.defaults.adapter = adapter as never;
  }
});

describe('the headers of another copy of axios', () => {
  class OtherHeaders {
    constructor(fields: object) {
      Object.assign(this, fields);
    }
  }

  /** A request with such headers, and what an adapter of axios's own, as in a list, sees of it. */
  function foreign(answer: AxiosAdapter) {
    const headers = new OtherHeaders({ 'x-a': '1' });
    const config = { url: '/', headers } as unknown as InternalAxiosRequestConfig;
    const seen: unknown[] = [];
    const send: AxiosAdapter = (sent) => {
      seen.push(sent.headers);
      return answer(sent);
    };
    return { headers, config, seen, send };
  }

  const respond = (config: InternalAxiosRequestConfig) => ({
    status: 200,
    statusText: '',
    headers: new AxiosHeaders({ 'x-b': '2' }),
    config,
    data: '',
  });

  test('are put into those of this one, and an answer into those of the other', async () => {
    const { headers, config, seen, send } = foreign(async (sent) => respond(sent));
    const response = await adapterFor([send], config)(config);
    expect(seen[0]).toBeInstanceOf(AxiosHeaders);
    expect((seen[0] as AxiosHeaders).get('x-a')).toBe('1');
    expect(config.headers).toBe(headers);
    expect(response.headers).toBeInstanceOf(OtherHeaders);
    expect(response.headers).toMatchObject({ 'x-b': '2' });
  });

  test('are there again after a failure, whose answer has such', async () => {
    const { headers, config, send } = foreign(async (sent) => {
      throw new AxiosError('busy', 'ERR_BAD_RESPONSE', sent, {}, respond(sent));
    });
    const error = await caught(adapterFor([send], config)(config));
    expect(config.headers).toBe(headers);
    expect(error.response?.headers).toBeInstanceOf(OtherHeaders);
    expect(error.response?.headers).toMatchObject({ 'x-b': '2' });
  });

  test.each([[undefined], [null], [new Error('mine')]])(
    'are there again after %p was thrown',
    async (thrown) => {
      const { headers, config, send } = foreign(() => Promise.reject(thrown));
      expect(await caught<unknown>(adapterFor([send], config)(config))).toBe(thrown);
      expect(config.headers).toBe(headers);
    },
  );

  test('are for an adapter of the caller’s as they are', async () => {
    const { headers, config, seen, send } = foreign(async (sent) => respond(sent));
    expect(adapterFor(send, config)).toBe(send);
    await adapterFor(send, config)(config);
    expect(seen).toEqual([headers]);
  });

  test('are not looked for where there are none, or those of this one', () => {
    const send = scripted(200).adapter;
    expect(adapterFor([send], {} as InternalAxiosRequestConfig)).toBe(send);
    expect(adapterFor([send], config())).toBe(send);
  });
});
