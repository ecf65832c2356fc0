import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../helpers/children.ts';

interface LockEntry {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly link?: boolean;
}

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const entries = (Object.entries(lock.packages) as [string, LockEntry][]).filter(
  ([path, { link }]) => path !== '' && !link,
);

test('every entry of the lock file has a checksum', () => {
  expect(
    entries.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? '')).map(([path]) => path),
  ).toEqual([]);
  expect(entries.length).toBeGreaterThan(100);
});

/**
 * What the packages that build and test this one may be licensed under. None of them is shipped, so a licence that asks
 * something of those who change the file (MPL) or name the author (CC-BY) is fine here.
 */
const LICENCES = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC-BY-4.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MPL-2.0',
  'Python-2.0',
  'Unlicense',
]);

test('every dependency has a licence of the list', () => {
  const isFine = ({ license = '' }: LockEntry) =>
    license
      .replaceAll(/[()]/g, '')
      .split(' OR ')
      .some((name) => LICENCES.has(name));
  const others = entries.filter(([, entry]) => !isFine(entry));
  expect(others.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
});

test('no dependency asks for another Node than this one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'axios-tenacity-engines-'));
  try {
    for (const file of ['package.json', 'package-lock.json', '.npmrc'])
      copyFileSync(join(root, file), join(folder, file));
    const npm = process.env.npm_execpath;
    const [command, first] = npm ? [process.execPath, [npm]] : ['npm', []];
    // It looks and installs nothing.
    const args = [...first, 'ci', '--dry-run', '--ignore-scripts', '--offline', '--engine-strict'];
    execFileSync(command, args, { cwd: folder, stdio: 'pipe', encoding: 'utf8' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
