// Finds a browser for the tests that need one. CHROMIUM and FIREFOX name them, if they are not where Debian puts them.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Ubuntu has a chromium-browser that only tells where to get one. */
function runs(file) {
  const { status } = spawnSync(file, ['--version'], { stdio: 'ignore', timeout: 30_000 });
  return status === 0;
}

/** The first of the places where a browser runs; it is installed from Debian if need be, and `undefined` when it cannot be had. */
function find(name, debian, places) {
  const look = () => places.find((place) => place && runs(place));
  const found = look();
  if (found || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return found;
  console.error(`Installing ${name} from Debian`);
  const install = `apt-get update -q && apt-get install -qy --no-install-recommends ${debian}`;
  try {
    execFileSync('sh', ['-c', install], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 240_000,
    });
  } catch {
    return undefined;
  }
  return look();
}

/** The path of a Chromium that runs. */
export const findChromium = () =>
  find('Chromium', 'chromium', [
    process.env.CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ]);

/** The path of a Firefox that runs. */
export const findFirefox = () =>
  find('Firefox', 'firefox-esr', [process.env.FIREFOX, '/usr/bin/firefox-esr', '/usr/bin/firefox']);

// `node chromium.mjs` prints the path, or an empty line.
if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(findChromium() ?? '');
