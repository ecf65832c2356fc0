/** The site: `npm run docs` serves it, `npm run docs:build` builds it. It loads nothing from elsewhere. */
import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DefaultTheme, defineConfig } from 'vitepress';
import { unlinkRepositoryFiles } from './repository-links.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What a heading is called in an address: the same as on GitHub, where the guide is read, too. */
const slugify = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\d\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

/** What `scripts/docs.mjs` wrote from the docstrings: an entry of the package each, and in it the names by kind. */
function referenceItems(): DefaultTheme.SidebarItem[] {
  const folder = at('../reference');
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const linkTo = (file: string): string => `/reference/${file.replace(/(index)?\.md$/, '')}`;
  return (
    files
      .filter((file) => file.endsWith('/index.md'))
      // The package itself comes first, its sub-paths after it.
      .sort((one, other) => one.split('/').length - other.split('/').length)
      .map((index) => {
        const entry = index.replace('/index.md', '');
        const kinds = ['functions', 'classes', 'interfaces', 'type-aliases', 'variables'];
        const pages = kinds.flatMap((kind) => files.filter((file) => file.startsWith(`${entry}/${kind}/`)));
        return {
          text: entry,
          link: linkTo(index),
          collapsed: entry !== 'axios-tenacity',
          items: pages.map((file) => ({ text: basename(file, '.md'), link: linkTo(file) })),
        };
      })
  );
}

const guide: DefaultTheme.SidebarItem[] = [
  {
    text: 'Start',
    items: [
      { text: 'Getting started', link: '/guide/' },
      { text: 'What is retried', link: '/guide/what-is-retried' },
      { text: 'Options', link: '/guide/options' },
      { text: 'Questions', link: '/guide/questions' },
    ],
  },
  {
    text: 'The policy',
    items: [
      { text: 'Waits and hints', link: '/guide/waits' },
      { text: 'Safety, keys and streams', link: '/guide/safety' },
      { text: 'Deadlines', link: '/guide/deadlines' },
      { text: 'Budgets, throttle, cooldown', link: '/guide/limits' },
      { text: 'A fleet', link: '/guide/fleet' },
    ],
  },
  {
    text: 'Around it',
    items: [
      { text: 'Interceptors and other plugins', link: '/guide/interceptors' },
      { text: 'Batches and adapters', link: '/guide/adapters' },
      { text: 'Observing', link: '/guide/observing' },
      { text: 'Testing', link: '/guide/testing' },
      { text: 'Recipes', link: '/guide/recipes' },
    ],
  },
  {
    text: 'Coming from',
    items: [
      { text: 'axios-retry', link: '/guide/from-axios-retry' },
      { text: 'retry-axios', link: '/guide/from-retry-axios' },
      { text: 'p-retry, got, ky', link: '/guide/from-others' },
    ],
  },
  {
    text: 'Background',
    items: [
      { text: 'Retry storms', link: '/guide/retry-storms' },
      { text: 'Benchmarks', link: '/guide/benchmarks' },
      { text: 'Architecture', link: '/development/architecture' },
      { text: 'What we learned about axios', link: '/development/axios' },
      { text: 'Decisions', link: '/development/decisions/README' },
      { text: 'What is supported', link: '/development/support' },
      { text: 'Reliability', link: '/development/reliability' },
      { text: 'Releasing', link: '/development/releasing' },
      { text: 'Mutation scores', link: '/mutation' },
    ],
  },
];

export default defineConfig({
  title: 'axios-tenacity',
  description: 'Retries for axios: safe by default, bounded, observable.',
  lang: 'en',
  lastUpdated: false,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/icon.svg' }]],
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/guide/', activeMatch: '^/guide/' },
      { text: 'Reference', link: '/reference/', activeMatch: '^/reference/' },
      { text: 'Playground', link: '/playground' },
    ],
    sidebar: {
      '/reference/': referenceItems(),
      '/': guide,
    },
    outline: [2, 3],
    search: { provider: 'local' },
    footer: { message: 'MIT licence' },
  },
  markdown: {
    anchor: { slugify },
    config: (markdown) => unlinkRepositoryFiles(markdown, at('..')),
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  vite: {
    resolve: {
      alias: [
        // The pages run the sources that they document.
        { find: /^axios-tenacity$/, replacement: at('../../lib/index.ts') },
        { find: /^axios-tenacity\/(.+)$/, replacement: `${at('../../lib')}/$1.ts` },
      ],
    },
    worker: { format: 'es' },
    build: { chunkSizeWarningLimit: 1_000 },
  },
});
