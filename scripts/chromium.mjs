import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Ubuntu has a chromium-browser that only tells where to get one. */
function runs(file) {
  const { status } = spawnSync(file, ['--version'], { stdio: 'ignore', timeout: 30_000 });
  return status === 0;
}

/** Where Chromium is, installed from Debian if need be; `undefined` where it cannot be had. CHROMIUM may name it. */
export function findChromium() {
  const places = [
    process.env.CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ];
  const find = () => places.find((place) => place && runs(place));
  const found = find();
  if (found || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return found;
  console.log('Installing Chromium from Debian');
  try {
    execFileSync('sh', ['-c', 'apt-get update -q && apt-get install -qy --no-install-recommends chromium'], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 240_000,
    });
  } catch {
    return undefined;
  }
  return find();
}
