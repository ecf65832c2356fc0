import { showDuration } from '../observe/duration.ts';
import type { PolicyExplanation } from './explanation.ts';
import { type FailingRun, MOST_ATTEMPTS } from './schedule.ts';

type Facts = Omit<PolicyExplanation, 'toString'>;

const COLUMNS = 100;
const LABEL_COLUMNS = 15;
/** As many waits are shown. */
const MOST_ROWS = 10;

/** The explanation in words, aligned, in lines of at most 100 columns. */
export function explainInWords(facts: Facts): string {
  const sections = [summaryOf(facts), tableOf(facts), outlookOf(facts), warningsOf(facts)];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function summaryOf(facts: Facts): readonly string[] {
  const { maxAttempts, maxElapsedTime, attemptTimeout, totalTimeout } = facts;
  const limits = [
    maxAttempts < Infinity && `${maxAttempts} in all`,
    maxElapsedTime < Infinity &&
      maxAttempts > 1 &&
      `the last retry starts within ${showDuration(maxElapsedTime)}`,
    attemptTimeout < Infinity && `${showDuration(attemptTimeout)} for each`,
    totalTimeout < Infinity && `${showDuration(totalTimeout)} for all, waits included`,
  ];
  return [
    ...field('attempts', limits.filter(Boolean).join('; ')),
    ...field('failures', failuresOf(facts)),
    ...field('methods', methodsOf(facts)),
    ...field('server hints', hintsOf(facts)),
    ...field('waits', waitsOf(facts)),
  ];
}

function failuresOf({ statuses, retryIf }: Facts): string {
  const list = statuses.length > 0 ? `statuses ${statuses.join(' ')}; ` : '';
  return `${retryIf ? 'as retryIf says, else ' : ''}${list}connection failures and timeouts`;
}

function methodsOf({ methods, idempotencyKey }: Facts): string {
  const list = methods.length > 0 ? `${methods.join(' ')}; ` : '';
  const keyed = idempotencyKey
    ? `POST and PATCH, which get an ${idempotencyKey}; others`
    : methods.length > 0
      ? 'others'
      : 'any';
  return `${list}${keyed} with an idempotency key, or when the server provably did not act`;
}

function hintsOf({ retryAfter, longestHint }: Facts): string {
  if (retryAfter === false) return 'ignored';
  if (longestHint === Infinity) return 'obeyed in place of the waits below, however long';
  const { max, whenLonger } = retryAfter;
  const longer = whenLonger === 'clamp' ? `cut to ${showDuration(max)}` : 'given up on';
  return `obeyed in place of the waits below, up to ${showDuration(longestHint)}; longer ones are ${longer}`;
}

function waitsOf({ jitter, sampled, schedule, maxAttempts }: Facts): string {
  if (schedule.length === 0) return maxAttempts > 1 ? 'not known' : 'none';
  const origin = sampled ? ', as sampled from the function that gives them' : '';
  return jitter === 'custom' ? `custom${origin}` : `exponential, jitter ${jitter}${origin}`;
}

/** A row for each wait: the retry it comes before, the wait, and when that retry starts at the latest. */
function tableOf({ schedule, omitted }: Facts): readonly string[] {
  if (schedule.length === 0) return [];
  let latest = 0;
  const rows = schedule.slice(0, MOST_ROWS).map(([least, most], index) => {
    latest += most;
    return [`${index + 1}`, showDuration(least), showDuration(most), showDuration(latest)];
  });
  const more = schedule.length - rows.length + omitted;
  const table = align([['retry', 'least wait', 'most wait', 'sum at most'], ...rows]);
  if (more === 0) return table;
  return [...table, more === Infinity ? '  and so on: attempts are not limited' : `  and ${more} more`];
}

function align(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padStart((widths[column] ?? 0) + 2)).join(''));
}

function outlookOf(facts: Facts): readonly string[] {
  const { throttle, budget } = facts;
  const others = [throttle && 'the throttle, while many requests fail', budget && 'the budget'].filter(
    Boolean,
  );
  return [
    ...boundsOf(facts),
    ...(others.length > 0 ? field('also held by', others.join('; ')) : []),
    ...field('worst case', worstCaseOf(facts)),
  ];
}

function boundsOf({ fastest, slowest }: Facts): readonly string[] {
  const [soonest, latest] = [fastest, slowest].map(({ elapsed }) => showDuration(elapsed));
  if (fastest.bound === slowest.bound && fastest.attempts === slowest.attempts) {
    return field(
      'first bound',
      `${showBound(fastest)}, ${soonest === latest ? soonest : `${soonest} to ${latest}`}`,
    );
  }
  return [
    ...field('first bound', `${showBound(fastest)}, ${soonest}, if attempts and waits are short`),
    ...field('', `${showBound(slowest)}, ${latest}, if attempts and waits are long`),
  ];
}

function worstCaseOf({ worstCase: { lastRetry, total }, maxAttempts }: Facts): string {
  if (total < Infinity) return `settled within ${showDuration(total)}, whatever the server asks for`;
  const retries = maxAttempts > 1 ? `the last retry starts within ${showDuration(lastRetry)}; ` : '';
  return `${retries}no attempt ends for sure without attemptTimeout or totalTimeout`;
}

const OPTIONS: ReadonlyMap<string, string> = new Map([
  ['max-attempts', 'maxAttempts'],
  ['max-elapsed-time', 'maxElapsedTime'],
  ['total-timeout', 'totalTimeout'],
  ['stop-condition', 'stop'],
]);

function showBound({ bound, attempts }: FailingRun): string {
  const count = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
  if (bound === undefined)
    return attempts < MOST_ATTEMPTS ? `not known after ${count}` : `none within ${count}`;
  return `${OPTIONS.get(bound) ?? `stop (${bound})`} after ${count}`;
}

const warningsOf = ({ warnings }: Facts): readonly string[] =>
  warnings.flatMap(({ message }) => field('warning', message));

/** A label and, beside it, a text of as many lines as it needs. */
function field(label: string, text: string): readonly string[] {
  const width = COLUMNS - LABEL_COLUMNS;
  const lines: string[] = [];
  for (const word of text
    .split(/[\s\p{Cc}]+/u)
    .flatMap((long) => long.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [])) {
    const line = lines[lines.length - 1];
    if (line !== undefined && line.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.map((line, index) => `${(index === 0 ? label : '').padEnd(LABEL_COLUMNS)}${line}`);
}
