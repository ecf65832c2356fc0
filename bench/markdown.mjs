/** Tables and numbers as the documents show them. */

/** A table whose first row is the head; the first column to the left, numbers to the right. */
export function table([head, ...rows]) {
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export const times = (ratio) => `${ratio.toFixed(2)}×`;
export const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;

/** A number with as many digits as tell something. */
export function round(value) {
  if (value >= 1_000) return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
  return value.toLocaleString('en-US', { maximumSignificantDigits: value >= 100 ? 3 : 2 });
}

export const kilobytes = (bytes) => `${round(bytes / 1_000)} kB`;
export const milliseconds = (ms) => (ms < 10_000 ? `${round(ms)} ms` : `${round(ms / 1_000)} s`);
