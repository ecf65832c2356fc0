import axios from 'axios';
import fc from 'fast-check';
import { fullUrlOf } from '../../../lib/core/full-url.ts';
import { axiosSince } from '../../helpers/axios-version.ts';

describe('the URL of a request', () => {
  test.each([
    [{ url: '/x' }, '/x'],
    [{ baseURL: 'https://a.example/v1' }, 'https://a.example/v1'],
    [{ url: '/x', baseURL: 'https://a.example/v1//' }, 'https://a.example/v1/x'],
    [{ url: '//b.example/x', baseURL: 'https://a.example' }, '//b.example/x'],
    [{ url: 'https://b.example/x', baseURL: 'https://a.example' }, 'https://b.example/x'],
    [
      { url: 'https://b.example/x', baseURL: 'https://a.example', allowAbsoluteUrls: false },
      'https://a.example/https://b.example/x',
    ],
    [{}, ''],
  ])('of %p is %j', (parts, url) => {
    expect(fullUrlOf(parts)).toBe(url);
  });

  (axiosSince('1.20.0') ? test : test.skip)('is the one that axios sends to', () => {
    const path = fc.constantFrom(
      '',
      '/x',
      'x',
      '//b.example/x',
      'https://b.example/x',
      'ftp+x://b/',
      '/x?u=http://c',
    );
    const base = fc.constantFrom(
      undefined,
      '',
      '/api',
      '/api/',
      'https://a.example',
      'https://a.example/v1//',
    );
    const flag = fc.constantFrom(undefined, true, false);
    fc.assert(
      fc.property(path, base, flag, (url, baseURL, allowAbsoluteUrls) => {
        const parts = {
          url,
          ...(baseURL !== undefined && { baseURL }),
          ...(allowAbsoluteUrls !== undefined && { allowAbsoluteUrls }),
        };
        expect(fullUrlOf(parts)).toBe(axios.getUri(parts));
      }),
    );
  });
});
