// Puts packages into a cache outside the lock file, for scripts that test against what users may have.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** `npm`, as the npm that runs this script, on every platform. */
export function npm(args, options = {}) {
  const [command, first] = process.env.npm_execpath
    ? [process.execPath, [process.env.npm_execpath]]
    : ['npm', []];
  const quietly = ['--no-audit', '--no-fund', '--loglevel=error'];
  return execFileSync(command, [...first, ...args, ...quietly], {
    stdio: 'pipe',
    encoding: 'utf8',
    ...options,
  });
}

/**
 * The folder of a package of this version or range, installed into `node_modules/.cache/<cache>/` unless it is there;
 * `undefined`, after saying so on stderr, when it cannot be had.
 */
export function provide(cache, name, range) {
  const prefix = join(root, 'node_modules/.cache', cache, `${name.replace('/', '+')}@${range}`);
  const folder = join(prefix, 'node_modules', name);
  // A range may mean another version by now.
  const isExact = /^\d+\.\d+\.\d+$/.test(range);
  if (isExact && existsSync(join(folder, 'package.json'))) return folder;
  try {
    mkdirSync(prefix, { recursive: true });
    writeFileSync(join(prefix, 'package.json'), '{ "private": true }\n');
    npm([
      'install',
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      '--prefix',
      prefix,
      `${name}@${range}`,
    ]);
  } catch (error) {
    const known = existsSync(join(folder, 'package.json'));
    console.error(
      `\n!!!! ${name}@${range} could not be installed: ${
        String(error.stderr || error.message)
          .trim()
          .split('\n')[0]
      }`,
    );
    if (known) console.error(`!!!! using ${versionOf(folder)} from an earlier run`);
    else rmSync(prefix, { recursive: true, force: true });
    return known ? folder : undefined;
  }
  return folder;
}

// `node provide.mjs <cache> <name> <range>` prints the folder, or an empty line.
if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(provide(...process.argv.slice(2)) ?? '');

/** The version of the package in a folder. */
export const versionOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;

/** The lines of an output that a reader must not miss: what was skipped, and what passed only when it ran again. */
export const noticesOf = (output) => output.match(/^!!!! (?:SKIPPED|RERUN): .+$/gm) ?? [];

/** The tally at the end of an output; one without is a failure. */
export function tallyOf(output) {
  const tally = /(\d+) passed, (\d+) failed\s*$/.exec(output);
  return tally ? { passed: Number(tally[1]), failed: Number(tally[2]) } : undefined;
}

/** The end of a run: what was skipped and what passed only when it ran again, loudly, then the tally as the last line. */
export function conclusionOf({ passed, failed, skipped = [], notices = [] }) {
  const all = [...new Set([...skipped.map((what) => `!!!! SKIPPED: ${what}`), ...notices])];
  const reruns = all.filter((notice) => notice.startsWith('!!!! RERUN')).length;
  if (reruns > 0) all.push(`!!!! ${reruns} of those that passed did so only when they ran again`);
  return `\n${[...all, ''].join('\n')}${all.length > 0 ? '\n' : ''}${passed} passed, ${failed} failed`;
}

/** Ends a script with its conclusion. */
export function conclude(total) {
  console.log(conclusionOf(total));
  process.exitCode = total.failed > 0 ? 1 : 0;
}
