/** A fenced block of a markdown document. */
export interface CodeBlock {
  /** What follows the opening fence, such as `ts`; empty when nothing does. */
  readonly lang: string;
  readonly code: string;
  /** The line of the document on which the code begins, from 1. */
  readonly line: number;
  /** The text of the nearest heading above. */
  readonly heading: string;
}

/** The fenced blocks of a markdown document, in order. */
export function codeBlocks(markdown: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let heading = '';
  let open: { readonly fence: string; readonly lang: string; readonly line: number } | undefined;
  let code: string[] = [];
  for (const [index, text] of markdown.split('\n').entries()) {
    const [, fence = '', lang = ''] = /^(`{3,}) *(\S*)/.exec(text) ?? [];
    if (open && text === open.fence) {
      blocks.push({
        lang: open.lang,
        code: code.map((line) => `${line}\n`).join(''),
        line: open.line,
        heading,
      });
      open = undefined;
    } else if (open) {
      code.push(text);
    } else if (fence) {
      open = { fence, lang, line: index + 2 };
      code = [];
    } else if (/^#+ /.test(text)) {
      heading = text.replace(/^#+ /, '');
    }
  }
  if (open) throw new Error(`The block that begins on line ${open.line} has no end`);
  return blocks;
}

/** The rows of the table under a heading, without its head, each as its cells. */
export function tableRows(markdown: string, heading: string): readonly (readonly string[])[] {
  const section = markdown.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );
}
