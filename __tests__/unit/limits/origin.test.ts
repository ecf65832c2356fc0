import { originOf } from '../../../lib/limits/origin.ts';

const BASE = 'https://api.example.com/v1';

describe('the origin of a request', () => {
  test.each([
    ['a URL', { url: 'http://a.example:8080/x?y' }, 'http://a.example:8080'],
    ['a URL in capitals', { url: 'HTTPS://A.example/' }, 'https://a.example'],
    ['a URL, whatever the base', { url: 'http://a.example/', baseURL: BASE }, 'http://a.example'],
    [
      'a URL that is joined to the base all the same',
      { url: 'http://a.example/', baseURL: BASE, allowAbsoluteUrls: false },
      'https://api.example.com',
    ],
    [
      'a URL without a base to join',
      { url: 'http://a.example/', allowAbsoluteUrls: false },
      'http://a.example',
    ],
    ['a URL with the port that goes without saying', { url: 'https://a.example:443/' }, 'https://a.example'],
    ['a Unix socket', { url: '/x', socketPath: '/run/a.sock' }, 'unix:/run/a.sock'],
    [
      'a Unix socket, whatever the URL',
      { url: 'http://a.example/', socketPath: '/run/b.sock' },
      'unix:/run/b.sock',
    ],
    ['no Unix socket', { url: 'http://a.example/', socketPath: null }, 'http://a.example'],
    ['a path on a base', { url: '/x', baseURL: BASE }, 'https://api.example.com'],
    ['a path with a URL in it', { url: '/x?to=http://a.example/', baseURL: BASE }, 'https://api.example.com'],
    ['a base alone', { baseURL: BASE }, 'https://api.example.com'],
    ['a URL without a scheme, where nothing tells it', { url: '//a.example/x', baseURL: BASE }, ''],
    ['a path alone', { url: '/x' }, ''],
    ['a path on a base that is a path', { url: '/x', baseURL: '/api' }, ''],
    ['nothing', {}, ''],
  ])('%s', (_, config, origin) => {
    expect(originOf(config)).toBe(origin);
  });

  describe('in a page', () => {
    beforeAll(() => Object.assign(globalThis, { location: { href: 'https://shop.example/cart' } }));
    afterAll(() => Reflect.deleteProperty(globalThis, 'location'));

    test.each([
      ['a path', { url: '/x' }, 'https://shop.example'],
      ['a URL without a scheme', { url: '//a.example/x', baseURL: BASE }, 'https://a.example'],
      ['nothing', {}, 'https://shop.example'],
    ])('%s', (_, config, origin) => {
      expect(originOf(config)).toBe(origin);
    });
  });
});

describe('where `URL` has no origin, as in React Native', () => {
  const { URL } = globalThis;

  beforeAll(() => {
    globalThis.URL = class {
      get origin(): string {
        throw new Error('URL.origin is not implemented');
      }
    } as never;
  });
  afterAll(() => {
    globalThis.URL = URL;
  });

  test.each([
    ['https://api.example.com/v1?x=https://other.example', 'https://api.example.com'],
    ['HTTP://API.example.com:8080#top', 'http://api.example.com:8080'],
    ['https://ada:secret@api.example.com/', 'https://api.example.com'],
    ['/v1', ''],
    ['/v1?to=https://other.example', ''],
    ['', ''],
  ])('%s goes to %j', (url, origin) => {
    expect(originOf({ url })).toBe(origin);
  });
});
