import fc from 'fast-check';
import { addressOf } from '../../../lib/observe/address.ts';
import type { RetryContext } from '../../../lib/types.ts';

const address = (url: string, config: object = {}): string =>
  addressOf({ url, config: config as RetryContext['config'] });

describe('an address', () => {
  it.each([
    ['/users/1', undefined, '/users/1'],
    ['/users/1', 'https://api.example.com', 'https://api.example.com/users/1'],
    ['users/1', 'https://api.example.com/v1/', 'https://api.example.com/v1/users/1'],
    ['/users', '/api', '/api/users'],
    ['', 'https://api.example.com/v1', 'https://api.example.com/v1'],
    ['https://other.example/x', 'https://api.example.com', 'https://other.example/x'],
    ['//other.example/x', 'https://api.example.com', '//other.example/x'],
    ['', undefined, ''],
  ])('of %j on the base %j is %j', (url, baseURL, shown) => {
    expect(address(url, { baseURL })).toBe(shown);
  });

  it('joins an absolute URL too where axios is told to', () => {
    const config = { baseURL: 'https://api.example.com', allowAbsoluteUrls: false };
    expect(address('https://u:secret@evil.example/x?y', config)).toBe(
      'https://api.example.com/https://evil.example/x',
    );
  });

  it.each([
    ['https://api.example.com/users?token=secret', 'https://api.example.com/users'],
    ['https://api.example.com/users#secret', 'https://api.example.com/users'],
    ['/users?token=secret#secret', '/users'],
    ['?token=secret', ''],
    ['https://me:secret@api.example.com:8443/users', 'https://api.example.com:8443/users'],
    ['https://secret@api.example.com/users', 'https://api.example.com/users'],
    ['https://me:se@cret@api.example.com/users', 'https://api.example.com/users'],
    ['https://me:secret@[::1]:80/users', 'https://[::1]:80/users'],
    ['//me:secret@api.example.com/users', '//api.example.com/users'],
    ['https:/me:secret@api.example.com/users', 'https:/api.example.com/users'],
    ['https:me:secret@api.example.com/users', 'https:api.example.com/users'],
    ['https:\\\\me:secret@api.example.com\\users', 'https:\\\\api.example.com\\users'],
    [' ht\ntps://me:sec\tret@api.example.com/users', 'https://api.example.com/users'],
    ['https://me:sec/ret@api.example.com/users', 'https://…'],
    ['https://me:sec?ret@api.example.com/users', 'https://…'],
    ['\u0001https://me:secret@api.example.com/users', 'https://api.example.com/users'],
    ['/proxy/https://me:secret@api.example.com/users', '/proxy/https://api.example.com/users'],
    ['data:text/plain;base64,c2VjcmV0', 'data:…'],
  ])('of %j is %j: no secret is left', (url, shown) => {
    expect(address(url)).toBe(shown);
  });

  it('loses the credentials and the query of the base as well', () => {
    expect(address('/users', { baseURL: 'https://me:secret@api.example.com/v1?key=secret' })).toBe(
      'https://api.example.com/v1',
    );
  });

  it.each([
    ['/@scope/package', '/@scope/package'],
    ['/v1/users:batchGet', '/v1/users:batchGet'],
    ['https://registry.example/@scope/package@1', 'https://registry.example/@scope/package@1'],
    ['https://münchen.example/straße', 'https://münchen.example/straße'],
    ['localhost:3000/users', 'localhost:3000/users'],
  ])('of %j keeps its path', (url, shown) => {
    expect(address(url)).toBe(shown);
  });

  it.each([
    ['/a\nb', '/ab'],
    ['/a b\u2028c\u0007\u202e', '/a%20b%E2%80%A8c%07%E2%80%AE'],
    ['/100%', '/100%25'],
    ['/%d0%BF%s', '/%D0%BF%25s'],
  ])('of %j is one line without placeholders: %j', (url, shown) => {
    expect(address(url)).toBe(shown);
  });

  it('never holds the password of any URL that axios could send', () => {
    const secret = fc
      .stringMatching(/^[a-z0-9@:!$&'()*+,;=%._~-]{0,12}$/)
      .map((text) => `s3cr3t${text}s3cr3t`);
    const origin = fc.constantFrom('https://', 'http://', '//', 'HTTPS://', 'http:/', 'http:\\');
    fc.assert(
      fc.property(origin, secret, fc.stringMatching(/^[\w/@:%.-]{0,20}$/), (scheme, password, path) => {
        const url = `${scheme}user:${password}@api.example.com/${path}?key=${password}#${password}`;
        expect(address(url)).not.toContain('s3cr3t');
        expect(address('/x', { baseURL: url })).not.toContain('s3cr3t');
      }),
    );
  });

  it('is one line without placeholders, whatever the text', () => {
    // `fc.string({ unit: 'binary' })` makes the same, after seconds of listing all of Unicode.
    const text = fc
      .array(fc.integer({ max: 0x10ffff, min: 0 }))
      .map((codes) => String.fromCodePoint(...codes));
    fc.assert(
      fc.property(text, text, (url, baseURL) => {
        expect(address(url, { baseURL })).not.toMatch(/[\n\r\p{Zl}\p{Zp}]|%[scdjifoO%]/u);
      }),
    );
  });
});
