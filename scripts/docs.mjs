/**
 * The site. `npm run docs` serves it and follows what you write; `npm run docs:build` builds it into docs/.vitepress/dist, and
 * fails on a dead link or a mistake in a docstring. Both write the reference first, which is not committed.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application } from 'typedoc';
import { build, createServer } from 'vitepress';

const root = fileURLToPath(new URL('..', import.meta.url));
const docs = join(root, 'docs');
const reference = join(docs, 'reference');

/** Every way into the package, from its manifest. */
function entryPoints() {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return Object.keys(exports)
    .filter((path) => path !== './package.json')
    .map((path) => join(root, 'lib', path === '.' ? 'index.ts' : `${path.slice(2)}.ts`));
}

/** Writes the reference from the docstrings into docs/reference. */
async function writeReference() {
  rmSync(reference, { recursive: true, force: true });
  const app = await Application.bootstrapWithPlugins({
    entryPoints: entryPoints(),
    tsconfig: join(root, 'tsconfig.esm.json'),
    plugin: ['typedoc-plugin-markdown'],
    readme: 'none',
    name: 'Reference',
    out: reference,
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    disableSources: true,
    hideBreadcrumbs: true,
    hidePageHeader: true,
    entryFileName: 'index',
    useCodeBlocks: true,
    expandObjects: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'list',
    typeDeclarationFormat: 'table',
    sort: ['source-order'],
    logLevel: 'Warn',
    treatValidationWarningsAsErrors: true,
    validation: { notExported: false, invalidLink: true, notDocumented: false },
  });
  const project = await app.convert();
  if (!project) throw new Error('TypeDoc could not read the sources');
  app.validate(project);
  await app.generateOutputs(project);
  if (app.logger.hasErrors()) throw new Error('The docstrings have mistakes, told above');
}

await writeReference();
if (process.argv[2] === 'dev') {
  const server = await createServer(docs);
  await server.listen();
  server.printUrls();
} else {
  await build(docs);
}
