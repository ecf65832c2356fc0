// `npm run api`: writes the API report, the public surface of every entry point as its declarations have it, in one file that is
// committed, so that a change of the surface shows in the diff. `npm run api -- --check` fails when the file and the build differ.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { conclude } from './provide.mjs';

// typescript is CommonJS; a default import of it would have no types of its own either.
const ts = createRequire(import.meta.url)('typescript');
const root = fileURLToPath(new URL('..', import.meta.url));
const REPORT = 'etc/axios-tenacity.api.md';
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const HEAD = `# API report

What users of ${manifest.name} can import, entry point by entry point, as the declarations have it. \`npm run api\` makes this file; do
not edit it. A change here is a change of the public surface: it belongs in the changelog, and a *breaking* one in a major version
([the policy](../docs/development/releasing.md#what-is-breaking)).
`;

/** The entry points that have types: what a user writes, and the declarations of it. */
const entries = Object.entries(manifest.exports)
  .filter(([, conditions]) => conditions.import?.types)
  .map(([path, conditions]) => ({ path, name: join(manifest.name, path), types: conditions.import.types }));

const types = entries.map((entry) => join(root, entry.types));

/** How api-extractor reads one entry point. */
function configOf({ path, types: main }, folder) {
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, main),
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'ES2022',
            lib: ['ES2022', 'DOM'],
            module: 'ESNext',
            moduleResolution: 'bundler',
            types: ['node'],
            skipLibCheck: true,
            strict: true,
          },
          files: types,
        },
      },
      apiReport: {
        enabled: true,
        reportFolder: folder,
        reportTempFolder: folder,
        reportFileName: `${basename(main, '.d.ts')}.api.md`,
        // What an exported type mentions without being exported itself is part of the surface, too. The sub-paths mention types
        // of the main entry, which stand there.
        includeForgottenExports: path === '.',
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
  });
}

/** The report of one entry point, as api-extractor writes it. */
function reportOf({ name }, config, compilerState) {
  const problems = [];
  const { succeeded } = Extractor.invoke(config, {
    localBuild: true,
    compilerState,
    messageCallback(message) {
      if (message.logLevel === ExtractorLogLevel.Error) problems.push(message.formatMessageWithLocation());
      message.handled = true;
    },
  });
  if (!succeeded) throw new Error(`api-extractor failed on ${name}:\n${problems.join('\n')}`);
  const [, code] = /(```ts\n[\s\S]*?```)/.exec(readFileSync(config.reportFilePath, 'utf8'));
  return `\n## \`${name}\`\n\n${code.replace(/\n\/\/ \(No @packageDocumentation[^\n]*\n+(?=```)/, '')}\n`;
}

/** What the package adds to the types of axios, which api-extractor leaves out. */
function augmentations() {
  const folder = join(root, 'dist/esm');
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.d.ts'));
  const printer = ts.createPrinter({ removeComments: true });
  const blocks = files.sort().flatMap((name) => {
    const source = ts.createSourceFile(
      name,
      readFileSync(join(folder, name), 'utf8'),
      ts.ScriptTarget.ES2022,
    );
    return source.statements
      .filter((node) => ts.isModuleDeclaration(node) && ts.isStringLiteral(node.name))
      .map((node) => `// ${name}\n${printer.printNode(ts.EmitHint.Unspecified, node, source)}`);
  });
  return `\n## Added to the types of other packages\n\n\`\`\`ts\n${blocks.join('\n\n')}\n\`\`\`\n`;
}

function makeReport() {
  const folder = mkdtempSync(join(tmpdir(), 'axios-tenacity-api-'));
  try {
    const configs = entries.map((entry) => configOf(entry, folder));
    const state = CompilerState.create(configs[0], { additionalEntryPoints: types });
    const reports = entries.map((entry, n) => reportOf(entry, configs[n], state));
    return [HEAD, ...reports, augmentations()].join('');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The lines of each side that the other has not, for a reader who has no diff at hand. */
function differences(committed, built) {
  const [old, fresh] = [committed, built].map((text) => text.split('\n'));
  const only = (lines, others) => {
    const known = new Set(others);
    return lines.filter((line) => !known.has(line));
  };
  return [
    ...only(old, fresh).map((line) => `- ${line}`),
    ...only(fresh, old).map((line) => `+ ${line}`),
  ].join('\n');
}

const path = join(root, REPORT);
const built = makeReport();
if (process.argv.includes('--check')) {
  const committed = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const isSame = committed === built;
  if (!isSame) {
    console.log(differences(committed, built) || '(the same lines in another order)');
    console.log(`\nThe public surface is not the one in ${REPORT}. If the change is meant, accept it: run`);
    console.log('`npm run api`, commit the file, and tell of the change in CHANGELOG.md.');
  } else console.log(`The public surface is the one in ${REPORT}: ${entries.length} entry points`);
  conclude({ passed: Number(isSame), failed: Number(!isSame) });
} else {
  writeFileSync(path, built);
  console.log(`${REPORT}: ${entries.length} entry points, ${built.split('\n').length} lines`);
}
