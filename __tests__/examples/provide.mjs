// `node provide.mjs <name> <package@range>…` puts packages that the repository has not into a cache, and prints the `node_modules`
// that they are in; an empty line, after saying so on stderr, when they cannot be had.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm } from '../../scripts/provide.mjs';

const [name, ...wanted] = process.argv.slice(2);
const prefix = join(fileURLToPath(new URL('../..', import.meta.url)), 'node_modules/.cache/examples', name);
// It is written last, and tells what is there.
const done = join(prefix, 'installed.txt');

if (!existsSync(done) || readFileSync(done, 'utf8') !== wanted.join('\n')) {
  try {
    rmSync(prefix, { recursive: true, force: true });
    mkdirSync(prefix, { recursive: true });
    writeFileSync(join(prefix, 'package.json'), '{ "private": true }\n');
    npm([
      'install',
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      '--legacy-peer-deps',
      '--prefix',
      prefix,
      ...wanted,
    ]);
    writeFileSync(done, wanted.join('\n'));
  } catch (error) {
    console.error(String(error.stderr || error.message).trim());
    rmSync(prefix, { recursive: true, force: true });
  }
}
console.log(existsSync(done) ? join(prefix, 'node_modules') : '');
