/** Small rounds of work, the contenders in turn, so that whatever else the machine does hits all of them alike. */

export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** What a tenth of the values are below: what it takes while the machine does nothing else. */
const tenth = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 10)];

/** Microseconds of CPU, of the process and of the system on its behalf, that the work takes. */
export async function cpuOf(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** In an order of its own each time, so that nobody always pays for the garbage of the same neighbour. */
function shuffled(values) {
  const left = [...values];
  return values.map(() => left.splice(Math.floor(Math.random() * left.length), 1)[0]);
}

/** `BENCH_SHARE=0.2` makes a fifth of the rounds, for a first look. */
const share = Number(process.env.BENCH_SHARE ?? 1);

/**
 * Measures each contender once a round, in another order every round. Gives the median of each, the median of what it took
 * compared to the first contender in the same round, and the ratio of the quickest tenths.
 */
export async function compare(works, measure, { rounds, warmUp = 5 }) {
  const names = Object.keys(works);
  const taken = Object.fromEntries(names.map((name) => [name, []]));
  const last = Math.ceil(rounds * share);
  for (let round = -warmUp; round < last; round += 1) {
    for (const name of shuffled(names)) {
      const value = await measure(works[name]);
      if (round >= 0) taken[name].push(value);
    }
  }
  const yardstick = taken[names[0]];
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        value: median(taken[name]),
        ratio: median(taken[name].map((value, i) => value / yardstick[i])),
        p10: tenth(taken[name]) / tenth(yardstick),
      },
    ]),
  );
}
