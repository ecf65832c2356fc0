/**
 * The site. `npm run docs` serves it and follows what you write; `npm run docs:build` builds it into docs/.vitepress/dist, and
 * fails on a dead link or a mistake in a docstring. Both write the reference first, which is not committed.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, CommentTag, ReflectionKind } from 'typedoc';
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

const entryNames = { index: 'axios-tenacity' };

/** The page of the guide that a name belongs to: the first that matches its entry and name. */
const pages = [
  [/\/testing |(Clock|RetryRuntime)$/, 'testing', 'Testing'],
  [/\/axios-retry /, 'from-axios-retry', 'From axios-retry'],
  [/\/(opentelemetry|diagnostics) /, 'observing', 'Observing'],
  [/\/redis /, 'fleet', 'A fleet'],
  [/\/context |Budget|Throttle|Cooldown|Reservation/, 'limits', 'Budgets, throttle, cooldown'],
  [
    / (limitConcurrency|ConcurrencyLimiter|LimitConcurrency|retryTransport|RetryTransport|batch|Batch|hedge|Hedg)/,
    'adapters',
    'Batches and adapters',
  ],
  [
    / (log|Log|RetryLog|retryReport|RetryReport|Reason|AttemptRecord|RetryObserver|wasRetried)/,
    'observing',
    'Observing',
  ],
  [/ (attachRetry|RetryHandle|attemptOf)/, 'interceptors', 'Interceptors and other plugins'],
  [/ (retry(If|Any|All|Not)|RetryPredicate|RetryVerdict|Failure)/, 'what-is-retried', 'What is retried'],
  [/ (wait|stop|Wait|Stop|Exponential|Jitter|Delay|RetryAfter)/, 'waits', 'Waits and hints'],
  [/ Idempotency/, 'safety', 'Safety, keys and streams'],
  [/Context|Options|Policy|FailingRun/, 'options', 'Options'],
];

/** Links each name to its page in the guide; answers the names that have none. */
function linkToGuide(project) {
  const lost = [];
  for (const [path, reflection] of namesOf(project)) {
    const page = pages.find(([pattern]) => pattern.test(path));
    if (!page) lost.push(`${path}: no page in the guide`);
    else {
      const see = new CommentTag('@see', [{ kind: 'text', text: `[${page[2]}](/guide/${page[1]})` }]);
      commentOf(reflection)?.blockTags.push(see);
    }
  }
  return lost;
}

/** What is exported, each with its entry before its name. */
const namesOf = (project) =>
  project.children.flatMap((module) =>
    (module.children ?? [])
      .filter(({ kind }) => kind !== ReflectionKind.Reference)
      .map((reflection) => [`${module.name} ${reflection.name}`, reflection]),
  );

/** What the docstrings leave out: a meaning of every name, an example of every function, a default of every option. */
function gapsIn(project) {
  const gaps = [];
  const has = (comment, tag) => comment.blockTags.some((each) => each.tag === tag);
  const check = (path, reflection) => {
    const comment = commentOf(reflection);
    if (!comment) return gaps.push(`${path}: no meaning`);
    if (reflection.kind === ReflectionKind.Function && !has(comment, '@example'))
      gaps.push(`${path}: no @example`);
    if (isOption(reflection) && !has(comment, '@defaultValue')) gaps.push(`${path}: no @defaultValue`);
  };
  for (const [path, reflection] of namesOf(project)) {
    check(path, reflection);
    for (const part of reflection.children ?? []) {
      if (part.kind !== ReflectionKind.Constructor && !part.inheritedFrom)
        check(`${path}.${part.name}`, part);
    }
  }
  return gaps;
}

const commentOf = ({ comment, signatures, getSignature, type }) =>
  comment ?? signatures?.[0]?.comment ?? getSignature?.comment ?? type?.declaration?.signatures?.[0]?.comment;

const isOption = ({ flags, parent }) => flags.isOptional && /Options$/.test(parent.name);

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
  for (const module of project.children)
    module.name = entryNames[module.name] ?? `axios-tenacity/${module.name}`;
  app.validate(project);
  const gaps = [...gapsIn(project), ...linkToGuide(project)];
  if (gaps.length > 0) throw new Error(`The docstrings have gaps:\n  ${gaps.join('\n  ')}`);
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
