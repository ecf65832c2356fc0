/** The members of a list of non-negative decimals; `NaN` stands for a member that is anything else. */
export function parseNumbers(text = ''): readonly number[] {
  return text.split(',').map((member) => (/^\d+(\.\d+)?$/.test(member.trim()) ? Number(member) : NaN));
}

/** The longest of some waits; those that are zero, negative or `NaN` do not count. */
export function longestWait(waits: readonly number[]): number | undefined {
  const longest = waits.filter((wait) => wait > 0).reduce((a, b) => Math.max(a, b), 0);
  // Digits without end read as `Infinity`, which no clock can add.
  return Math.min(longest, Number.MAX_SAFE_INTEGER) || undefined;
}
