/** Links to files of the repository that are not pages of the site: there the text stays, without a link. */
import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';

type Tokens = NonNullable<ReturnType<MarkdownRenderer['parse']>[number]['children']>;

/** The file that a link leads to, when it leads out of `docs`. */
function fileOutside(docs: string, page: string, href: string): string | undefined {
  if (/^([a-z]+:|[/#])/.test(href)) return undefined;
  const file = resolve(dirname(page), href.replace(/#.*/, ''));
  return relative(docs, file).startsWith('..') ? file : undefined;
}

function unlink(tokens: Tokens, isOutside: (href: string) => boolean): Tokens {
  let isHidden = false;
  return tokens.filter((token) => {
    if (token.type === 'link_open') isHidden = isOutside(String(token.attrGet('href')));
    return !(isHidden && /^link_(open|close)$/.test(token.type));
  });
}

/** Makes `markdown` render such links as text. A link to a file that does not exist ends the build. */
export function unlinkRepositoryFiles(markdown: MarkdownRenderer, docs: string): void {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    const isOutside = (href: string): boolean => {
      const file = fileOutside(docs, env.path, href);
      if (file && !existsSync(file)) throw new Error(`${env.path}: dead link to ${href}`);
      return file !== undefined;
    };
    for (const token of tokens) {
      if (token.children) token.children = unlink(token.children, isOutside);
    }
  });
}
