import { AxiosHeaders } from 'axios';
import { readHints } from '../../../lib/hints/hints.ts';

test('a hint among headers that hint at nothing is found', () => {
  const headers = new AxiosHeaders({ 'Content-Type': 'text/plain', 'Retry-After': '2', Vary: 'Origin' });
  expect(readHints(headers, 503, 0).after).toBe(2_000);
});
