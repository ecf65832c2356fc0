import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuild, root } from '../helpers/children.ts';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

describe('what `npm pack` puts into the package', () => {
  let files: string[];

  beforeAll(async () => {
    await ensureBuild();
    const npm = process.env.npm_execpath;
    const [command, first] = npm ? [process.execPath, [npm]] : ['npm', []];
    const args = [...first, 'pack', '--dry-run', '--json', '--ignore-scripts'];
    const output = execFileSync(command, args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    files = JSON.parse(output)[0].files.map(({ path }: { path: string }) => path);
  }, 120_000);

  test('is the code with its maps and types, the documents, and nothing else', () => {
    const wanted = [
      /^(README|CHANGELOG|SECURITY)\.md$/,
      /^LICENSE$/,
      /^package\.json$/,
      /^dist\/cjs\/package\.json$/,
      /^dist\/(esm|cjs)\/[\w/-]+\.(js|js\.map|d\.ts|d\.ts\.map)$/,
      /^docs\/(guide\/)?[\w-]+\.(md|svg)$/,
    ];
    expect(files.filter((file) => !wanted.some((pattern) => pattern.test(file)))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining(['README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE', 'package.json']),
    );
  });

  test('has every file that package.json names', () => {
    const named = JSON.stringify([manifest.exports, manifest.typesVersions, manifest.main, manifest.module])
      .match(/\.\/dist\/[^"]+/g)
      ?.map((path) => path.slice('./'.length));
    expect(named?.filter((path) => !files.includes(path))).toEqual([]);
    expect(named?.length).toBeGreaterThan(20);
  });

  test('has the map of every file of code that names one', () => {
    const code = files.filter((file) => /^dist\/.+\.js$/.test(file));
    const maps = code.flatMap((file) => {
      const [, map] = /^\/\/# sourceMappingURL=(.+)$/m.exec(readFileSync(join(root, file), 'utf8')) ?? [];
      return map ? [join(file, '..', map)] : [];
    });
    expect(maps.filter((map) => !files.includes(map))).toEqual([]);
    expect(files.filter((file) => file.endsWith('.map') && !maps.includes(file))).toEqual([]);
  });
});

test('the metadata is ready for a release with provenance, and runs nothing at the installation', () => {
  expect(manifest.license).toBe('MIT');
  expect(manifest.publishConfig).toEqual({ access: 'public', provenance: true });
  expect(manifest.dependencies).toBeUndefined();
  expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual(
    [],
  );
});
