import axios from 'axios';

const numbersOf = (version: string): readonly number[] => version.split('.').map(Number);

/** Whether the axios under test is this version or a later one: `npm run test:axios` runs the tests with several. */
export function axiosSince(version: string): boolean {
  const wanted = numbersOf(version);
  const differing = numbersOf(axios.VERSION).findIndex((number, index) => number !== wanted[index]);
  return differing < 0 || (numbersOf(axios.VERSION)[differing] ?? 0) > (wanted[differing] ?? 0);
}
