// `node scripts/together.mjs '<command>' '<command>' …`: runs the commands at once and shows what each printed, in the order in
// which they are given. It fails when one of them fails.
import { spawn } from 'node:child_process';

function run(command) {
  return new Promise((resolve) => {
    const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => resolve({ failed: true, output: String(error) }));
    child.on('close', (code) => resolve({ failed: code !== 0, output: Buffer.concat(chunks) }));
  });
}

const commands = process.argv.slice(2);
const runs = commands.map(run);
for (const [index, command] of commands.entries()) {
  const { failed, output } = await runs[index];
  console.log(`\n> ${command}${failed ? ' (failed)' : ''}`);
  process.stdout.write(output);
  if (failed) process.exitCode = 1;
}
