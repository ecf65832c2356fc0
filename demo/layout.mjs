/** Fits text into the width of the terminal. A piece of text is `{ text, ink? }`, where `ink` colours it; pieces are never cut. */

/** What is drawn where the output goes to a file or a pipe, and how narrow and wide it is at most. */
const WIDTHS = { default: 100, least: 40, most: 140 };

/** The columns to use, from those of the terminal, or of the environment. */
export function widthOf({ columns }, { COLUMNS }) {
  const wanted = columns || Number(COLUMNS) || WIDTHS.default;
  return Math.min(WIDTHS.most, Math.max(WIDTHS.least, wanted));
}

/** The milliseconds in a column at which a request of 1.6 s, longer than all here should take, fills the width. */
export const scaleOf = (width) => Math.ceil(1_600 / width / 5) * 5;

export const words = (text, ink) => text.split(' ').map((word) => ({ text: word, ink }));

const lengthOf = (pieces, gap) =>
  pieces.reduce((sum, { text }) => sum + text.length, 0) + gap.length * Math.max(0, pieces.length - 1);

const show = (pieces, gap) => pieces.map(({ text, ink = (same) => same }) => ink(text)).join(gap);

/**
 * Puts pieces into lines of a width; all but the first are indented.
 *
 * @param right a piece for the right edge of the last line, or of a line of its own
 */
export function flow(pieces, { width, gap = ' ', indent = '', right }) {
  const lines = [[]];
  const room = () => width - (lines.length > 1 ? indent.length : 0);
  for (const piece of pieces) {
    if (lines.at(-1).length > 0 && lengthOf([...lines.at(-1), piece], gap) > room()) lines.push([]);
    lines.at(-1).push(piece);
  }
  const space = right ? room() - lengthOf(lines.at(-1), gap) - right.text.length : 0;
  const shown = lines.map((line, index) => (index > 0 ? indent : '') + show(line, gap));
  if (!right) return shown;
  if (space < 2) return [...shown, ' '.repeat(Math.max(0, width - right.text.length)) + show([right], '')];
  return [...shown.slice(0, -1), shown.at(-1) + ' '.repeat(space) + show([right], '')];
}
