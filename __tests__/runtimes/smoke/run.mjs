// Runs the smoke suite in a folder into which the packed package was installed: `node run.mjs <folder> [command …]`.
import { spawn } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { startServer } from './server.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const LONGEST = 60_000;

/** Runs both formats with a command that takes a file and arguments; answers the tally of each. */
export async function runFormats(folder, [command, ...args]) {
  const smoke = join(folder, 'smoke');
  await mkdir(smoke, { recursive: true });
  for (const file of ['cases.mjs', 'esm.mjs', 'commonjs.cjs'])
    await copyFile(join(here, file), join(smoke, file));
  const server = await startServer();
  const tallies = [];
  for (const [format, file] of [
    ['ESM', 'esm.mjs'],
    ['CommonJS', 'commonjs.cjs'],
  ]) {
    const outcome = await execute(folder, command, [...args, join(smoke, file), server.url, server.refused]);
    tallies.push({ format, ...outcome });
  }
  server.close();
  return tallies;
}

/**
 * Runs a program and answers its tally. A run without a tally is a failure. So is one that does not end by itself, because
 * then the package keeps the process alive. With `anyEnd` only the tally counts.
 */
export function execute(cwd, command, args, { anyEnd = false } = {}) {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: LONGEST });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return new Promise((settle) => {
    child.on('error', (error) => settle({ passed: 0, failed: 1, output: String(error) }));
    child.on('close', (code, signal) => {
      const tally = /(\d+) passed, (\d+) failed/.exec(output);
      const [passed, failed] = [Number(tally?.[1] ?? 0), Number(tally?.[2] ?? 1)];
      const isOdd = failed === 0 && ((code !== 0 && !anyEnd) || passed === 0);
      if (isOdd) output += `\nended with ${signal ?? code}`;
      settle({ passed, failed: isOdd ? 1 : failed, output });
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, ...command] = process.argv.slice(2);
  const tallies = await runFormats(resolve(folder), command.length > 0 ? command : [process.execPath]);
  console.log(
    JSON.stringify(tallies.map(({ format, passed, failed, output }) => ({ format, passed, failed, output }))),
  );
}
