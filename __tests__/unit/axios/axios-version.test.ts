import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import axios from 'axios';
import { axiosSince } from '../../helpers/axios-version.ts';

const folder = process.env.AXIOS_DIR ?? join(__dirname, '../../../node_modules/axios');

test('the axios under test is the one that was asked for', () => {
  expect(axios.VERSION).toBe(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version);
});

test('versions are compared by number', () => {
  expect(axiosSince(axios.VERSION)).toBe(true);
  expect(axiosSince('1.6.99')).toBe(true);
  expect(axiosSince('0.100.0')).toBe(true);
  expect(axiosSince('2.0.0')).toBe(false);
  expect(axiosSince('1.1000.0')).toBe(false);
});
