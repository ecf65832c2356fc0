/** Each with what it is rounded to, and with what is too long for it. */
const UNITS = [
  { name: 'min', length: 60_000, grainName: 's', grain: 1_000, limit: 3_600_000 },
  { name: 'h', length: 3_600_000, grainName: 'min', grain: 60_000, limit: 86_400_000 },
  { name: 'd', length: 86_400_000, grainName: 'h', grain: 3_600_000, limit: 86_400_000_000 },
] as const;

/** Milliseconds for people to read, rounded: `812 ms`, `1.5 s`, `2 min 5 s`, `1 h`, `2 d 4 h`, `forever`. */
export function showDuration(ms: number): string {
  if (ms === Infinity) return 'forever';
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${Math.round(ms / 100) / 10} s`;
  for (const { name, length, grainName, grain, limit } of UNITS) {
    // Rounded before it is split, so that nothing reads as "1 min 60 s".
    const rounded = Math.round(ms / grain) * grain;
    const rest = (rounded % length) / grain;
    const whole = `${Math.floor(rounded / length)} ${name}`;
    if (rounded < limit) return rest > 0 ? `${whole} ${rest} ${grainName}` : whole;
  }
  return `${Number((ms / 86_400_000).toPrecision(3))} d`;
}
