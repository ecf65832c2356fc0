const MONTHS = 'janfebmaraprmayjunjulaugsepoctnovdec';

const TIME = '([01]?\\d|2[0-3]):([0-5]\\d)(?::([0-5]\\d(?:\\.\\d+)?|60))?';
const ZONE = ' *(?:gmt|utc?|z|([+-](?:0\\d|1[0-4]):?[0-5]\\d))';

/**
 * The forms of a date, each with what its groups are: React Native's older engines know no named groups. A weekday is let pass,
 * whatever it says: the date alone says when.
 */
const FORMS = /* @__PURE__ */ [
  // Tue, 03 Nov 2026 10:00:30 GMT, and of RFC 850: Tuesday, 03-Nov-26 10:00:30 GMT
  [
    'day month year hour minute second offset',
    `(?:[a-z]+,? *)?(\\d\\d?)[ -]([a-z]{3})[ -](\\d{4}|\\d\\d) +${TIME}${ZONE}`,
  ],
  // Of asctime: Tue Nov  3 10:00:30 2026
  ['month day hour minute second year', `[a-z]+ +([a-z]{3}) +(\\d\\d?) +${TIME} +(\\d{4})`],
  // ISO 8601: 2026-11-03T10:00:30Z
  ['year month day hour minute second offset', `(\\d{4})-(\\d\\d)-(\\d\\d)[t ]${TIME}${ZONE}`],
].map(([names, form]) => [String(names).split(' '), RegExp(`^${form}$`, 'i')] as const);

/**
 * Epoch milliseconds of a date, as senders really write them: the three forms of an HTTP-date (RFC 9110, 5.6.7), read
 * leniently, and ISO 8601. `undefined` for anything else, such as a day that the calendar does not have.
 *
 * @param now epoch milliseconds; it tells the century of a year of two digits
 */
export function parseDate(text: string, now: number): number | undefined {
  for (const [names, form] of FORMS) {
    const groups = form.exec(text)?.slice(1);
    if (groups) return epochOf(Object.fromEntries(groups.map((group, n) => [names[n], group])), now);
  }
  return undefined;
}

function epochOf(fields: Readonly<Record<string, string | undefined>>, now: number): number | undefined {
  const { year = '', month = '', day, hour, minute, second = 0, offset = '' } = fields;
  const monthIndex = /\d/.test(month) ? Number(month) - 1 : MONTHS.indexOf(month.toLowerCase()) / 3;
  const midnight = new Date(Date.UTC(fullYear(year, now), monthIndex, Number(day)));
  // `Date` counts on from 31 Feb, and from what is no month.
  if (midnight.getUTCMonth() !== monthIndex || midnight.getUTCDate() !== Number(day)) return undefined;
  const minutes = Number(hour) * 60 + Number(minute) - minutesOf(offset);
  return midnight.getTime() + minutes * 60_000 + Number(second) * 1_000;
}

/** How many minutes `+0130` or `-01:30` is ahead of UTC. */
const minutesOf = (offset: string): number =>
  Number(offset.slice(0, 3)) * 60 + Number(`${offset.slice(0, 1)}${offset.slice(-2)}`);

/** A year of two digits is the last such year that is not more than 50 years ahead (RFC 9110, 5.6.7). */
function fullYear(year: string, now: number): number {
  const latest = new Date(now).getUTCFullYear() + 50;
  return year.length > 2 ? Number(year) : latest - ((latest - Number(year)) % 100);
}
