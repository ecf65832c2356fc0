// Chance that is the same in every run of one seed, whatever the order in which it is asked.

/** A function that gives, for some words, a number in [0, 1): FNV-1a, then murmur3's finisher. */
export const chanceOf =
  (seed) =>
  (...words) => {
    let hash = 0x811c9dc5;
    for (const char of [seed, ...words].join(' ')) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
  };

/** One of some things. */
export const pick = (things, chance) => things[Math.floor(chance * things.length)];

/** One of some `[thing, weight]`. */
export function pickWeighted(pairs, chance) {
  const total = pairs.reduce((sum, [, weight]) => sum + weight, 0);
  let left = chance * total;
  for (const [thing, weight] of pairs) {
    left -= weight;
    if (left < 0) return thing;
  }
  return pairs[0][0];
}
