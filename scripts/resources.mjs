// What the long-running attacks (`test-chaos.mjs`, `test-soak.mjs`) look at: what a process still holds, and a server in another one.
import { setTimeout as sleep } from 'node:timers/promises';

/** How many handles and requests of each kind keep this process busy. */
export function resources() {
  const counts = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Waits until nothing is left over beyond what was there before; answers what is. */
export async function leftOver(before) {
  let left = {};
  // fetch gives a TLS handshake up that nobody waits for any more only after 10 s.
  for (let n = 0; n < 250; n += 1) {
    left = Object.fromEntries(
      Object.entries(resources())
        .map(([name, count]) => [name, count - (before[name] ?? 0)])
        .filter(([, count]) => count > 0),
    );
    if (Object.keys(left).length === 0) break;
    await sleep(100);
  }
  return left;
}

/** What a forked server answers. */
export function ask(server, question) {
  return new Promise((resolve, reject) => {
    server.once('message', resolve);
    server.once('error', reject);
    if (question) server.send(question);
  });
}
