// `npm run release -- 1.0.0-rc.1`: checks all that a release needs, and tells what it would do. With `--yes` it sets the version, dates
// the changelog, commits and tags; it never pushes and never publishes, which the workflow of the tag does.
// `--skip=test:all,bench` leaves checks out, and says so.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { conclude } from './provide.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path) => readFileSync(join(root, path), 'utf8');
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

const args = process.argv.slice(2);
const version = args.find((argument) => !argument.startsWith('--'));
const isReal = args.includes('--yes');
const skipped = new Set(
  args.flatMap((argument) =>
    argument.startsWith('--skip=') ? argument.slice('--skip='.length).split(',') : [],
  ),
);

const SEMVER = /^(\d+)\.(\d+)\.(\d+)(?:-rc\.(\d+))?$/;

/** The parts of a version, to compare: a release candidate comes before its release. */
const rankOf = (text) => {
  const [, ...parts] = SEMVER.exec(text) ?? [];
  return parts.map((part) => (part === undefined ? Infinity : Number(part)));
};

function isLater(one, other) {
  const [a, b] = [rankOf(one), rankOf(other)];
  const at = a.findIndex((part, index) => part !== b[index]);
  return at >= 0 && a[at] > b[at];
}

/** The part of the changelog that tells of a version, or `undefined`. */
function sectionOf(name) {
  const sections = read('CHANGELOG.md').split(/^(?=## )/m);
  return sections.find((section) => section.startsWith(`## ${name} `) || section.startsWith(`## ${name}\n`));
}

/** What is looked up, each answering what is wrong with it. */
const lookups = {
  version() {
    const { version: current } = JSON.parse(read('package.json'));
    if (!version || !SEMVER.test(version)) return 'name a version: `npm run release -- 1.2.3`, or 1.2.3-rc.1';
    return isLater(version, current) ? undefined : `${version} is not later than ${current}`;
  },
  tree: () => (git('status', '--porcelain') ? 'the work tree has changes that are not committed' : undefined),
  branch: () =>
    git('branch', '--show-current') === 'main' ? undefined : 'a release is made from the branch main',
  tag: () => (git('tag', '--list', `v${version}`) ? `the tag v${version} is there already` : undefined),
  changelog() {
    const section = sectionOf(version);
    if (!section) return `CHANGELOG.md has no part "## ${version}"`;
    return /^- /m.test(section) ? undefined : `the part "## ${version}" of CHANGELOG.md tells nothing`;
  },
  repository: () =>
    JSON.parse(read('package.json')).repository
      ? undefined
      : 'package.json names no `repository`: a publication with provenance needs it, and only the owner knows it',
};

/** What is run. Each ends with the tally of its own. */
const runs = {
  test: ['npm', 'test'],
  'test:all': ['npm', 'run', 'test:all'],
  'test:axios': ['npm', 'run', 'test:axios', '--', '1.7.0', '~1.12.0', '^1.7.0'],
  api: ['node', 'scripts/api.mjs', '--check'],
  docs: ['npm', 'run', 'test:docs'],
  bench: ['npm', 'run', 'bench'],
};

/** The goals that the bench tells of as missed; it ends well all the same, since a busy machine misses some. */
const missedGoals = (output) => output.split('\n').filter((line) => line.includes('**no**'));

function runCheck(name, [command, ...rest]) {
  console.log(`\n==== ${[command, ...rest].join(' ')}`);
  const { status, stdout } = spawnSync(command, rest, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  });
  console.log(stdout.trimEnd().split('\n').slice(-12).join('\n'));
  if (status !== 0) return `ended with ${status}`;
  const missed = name === 'bench' ? missedGoals(stdout) : [];
  return missed.length > 0 ? `goals missed:\n${missed.join('\n')}` : undefined;
}

const total = { passed: 0, failed: 0, skipped: [] };

function report(name, problem) {
  total[problem ? 'failed' : 'passed'] += 1;
  console.log(problem ? `✗ ${name}: ${problem}` : `✓ ${name}`);
}

/** Sets the version and the date of the changelog; answers the files that it changed. */
function write() {
  for (const file of ['package.json', 'package-lock.json']) {
    const json = JSON.parse(read(file));
    json.version = version;
    if (json.packages?.['']) json.packages[''].version = version;
    writeFileSync(join(root, file), `${JSON.stringify(json, null, 2)}\n`);
  }
  const day = new Date().toISOString().slice(0, 'YYYY-MM-DD'.length);
  const heading = new RegExp(`^## ${version.replaceAll('.', '\\.')}( \\(unreleased\\))?$`, 'm');
  writeFileSync(join(root, 'CHANGELOG.md'), read('CHANGELOG.md').replace(heading, `## ${version} (${day})`));
  return ['package.json', 'package-lock.json', 'CHANGELOG.md'];
}

for (const [name, look] of Object.entries(lookups)) report(name, look());
for (const [name, command] of Object.entries(runs)) {
  if (skipped.has(name)) total.skipped.push(`${name} was left out of the checks of this release`);
  else report(name, runCheck(name, command));
}

const steps = [
  `set the version in package.json and package-lock.json to ${version}, and date its part of CHANGELOG.md`,
  `commit that as "Release ${version}"`,
  `tag it as v${version}, with its part of the changelog as the message`,
];
console.log(`\n${isReal ? 'Doing' : 'It would'}:\n${steps.map((step) => `- ${step}`).join('\n')}`);
if (total.failed > 0) console.log('\nNothing is done: a check failed');
else if (isReal) {
  git('add', ...write());
  git('commit', '-m', `Release ${version}`);
  git('tag', '-a', `v${version}`, '-m', `${version}\n\n${sectionOf(version)}`);
  console.log(
    `\nDone. Push it with \`git push origin main v${version}\`: the workflow of the tag publishes.`,
  );
} else console.log('\nNothing is done: add --yes to do it');
conclude(total);
