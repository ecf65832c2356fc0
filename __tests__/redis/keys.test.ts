import { keysOf, nameOf } from '../../lib/redis/keys.ts';

test('every key has a hash tag, and those of an origin have the origin', () => {
  const keys = keysOf('my-app');
  expect(keys.cooldown).toBe('my-app:{cooldown}');
  expect(keys.tokens('https://api.example.com')).toBe('my-app:{https://api.example.com}:tokens');
  expect(keys.channel).toBe('my-app:events');
});

test.each(['https://api.example.com', 'http://127.0.0.1:8080', 'http://[::1]:8080', 'ws+unix://host'])(
  'the origin %s keeps its name',
  (origin) => expect(nameOf(origin)).toBe(origin),
);

test.each([
  '',
  'api',
  'https://api.example.com/path',
  'https://user:secret@api.example.com',
  'https://api.example.com?key=secret',
  'https://api.example.com#part',
  'https://{api}.example.com',
  'https://api.example.com two',
  'unix:/var/run/api.sock',
  'Bearer secret',
])('anything else is hashed: %p', (scope) => {
  expect(nameOf(scope)).toMatch(/^[\w-]{22}$/);
  expect(nameOf(scope)).toBe(nameOf(scope));
  expect(nameOf(scope)).not.toBe(nameOf(`${scope}!`));
});
