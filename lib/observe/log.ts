import { aBoolean, isFunction } from '../options/common-rules.ts';
import { expected } from '../options/expected.ts';
import { checkFields, given, isRecord, type Rule } from '../options/fields.ts';
import type { RetryObserver } from '../types.ts';
import { showDuration } from './duration.ts';
import { type EventContext, entryOf, type RetryLogEntry } from './entry.ts';
import { isNews } from './news.ts';

export type { RetryLogEntry } from './entry.ts';

/** What {@link logRetries} logs, and how. A level is the name of a method of the logger. */
export interface LogRetriesOptions {
  /**
   * The level of the line for a scheduled retry, or `false` for none.
   *
   * @defaultValue 'warn'
   */
  readonly retry?: string | false | undefined;
  /**
   * The level of the line for a request that is given up, or `false` for none.
   *
   * @defaultValue 'error'
   */
  readonly giveUp?: string | false | undefined;
  /**
   * The level of the line for each attempt, successes included, or `false` for none.
   *
   * @defaultValue false
   */
  readonly attempt?: string | false | undefined;
  /**
   * Whether the logger takes the object before the text, as pino and bunyan do, or after it, as winston does. Set it only
   * where that cannot be seen, as for a wrapper around pino. A console gets the object only when this is set.
   *
   * @defaultValue true for a pino or bunyan logger or a child of one; none for a console; false for any other logger
   */
  readonly objectFirst?: boolean | undefined;
}

/**
 * An observer that writes one line when a retry is scheduled and one when a request is given up, to the console, pino,
 * winston or any logger like them. A console gets the text alone, so a line is one line; any other logger gets the text and
 * a {@link RetryLogEntry}. A request that failed at once for good (`not-retryable`) leaves no line.
 *
 * Neither headers, query, body nor credentials are logged. The path is: do not use it where a path holds a secret.
 *
 * @param logger its methods are looked up when a line is written
 * @throws TypeError when `logger` is no object, for an unknown option, and for a level that the logger does not have
 * @example
 * ```ts
 * attachRetry(client, { observe: logRetries(console) });
 * attachRetry(client, { observe: logRetries(pino(), { retry: 'info', giveUp: 'warn' }) });
 * ```
 */
export function logRetries(logger: object, options: LogRetriesOptions = {}): RetryObserver {
  const { retry, giveUp, attempt, objectFirst } = readOptions(logger, options);
  const writeTo = (level: string | false, event: RetryLogEntry['event']) => {
    if (level === false) return undefined;
    return (context: EventContext): void => {
      if (!isNews(context)) return;
      quietly(() => (logger as Logger)[level]?.(...lineOf(entryOf(event, context), objectFirst)));
    };
  };
  return {
    onAttempt: writeTo(attempt, 'attempt'),
    onRetry: writeTo(retry, 'retry'),
    onGiveUp: writeTo(giveUp, 'give-up'),
  };
}

type Logger = Readonly<Record<string, (...line: readonly unknown[]) => unknown>>;

type Filled = { readonly [name in 'retry' | 'giveUp' | 'attempt']: string | false } & Pick<
  LogRetriesOptions,
  'objectFirst'
>;

const LEVEL: Rule<object> = [
  'the name of a method of the logger, or false',
  (value, logger) => value === false || (typeof value === 'string' && isFunction((logger as Logger)[value])),
];

const RULES: Readonly<Record<keyof LogRetriesOptions, Rule<object>>> = {
  retry: LEVEL,
  giveUp: LEVEL,
  attempt: LEVEL,
  objectFirst: aBoolean,
};

function readOptions(logger: object, options: LogRetriesOptions): Filled {
  if (!(isFunction(logger) || (typeof logger === 'object' && logger !== null))) {
    throw expected('the first argument of `logRetries`', 'a logger such as console, pino or winston', logger);
  }
  const all = {
    retry: 'warn',
    giveUp: 'error',
    attempt: false as const,
    objectFirst: isConsole(logger) ? undefined : takesObjectFirst(logger),
    ...given(options ?? {}),
  };
  // A logger may lack a default level too.
  checkFields('`logRetries` option', RULES, isRecord(options) ? all : options, logger);
  return all;
}

/** The methods of these names are what tells one kind of logger from another; the fields are objects. */
type Shape = Readonly<
  Partial<Record<'log' | 'table' | 'bindings' | 'addStream' | 'fields', unknown>> & {
    levels?: { readonly labels?: unknown; readonly values?: unknown };
  }
>;

/** Whether this is a console, of whatever engine, or a copy of one. No other logger draws tables. */
const isConsole = ({ log, table }: Shape): boolean => isFunction(log) && isFunction(table);

/** Whether this is a logger of pino, in Node or a browser, or of bunyan, or a child of one. */
const takesObjectFirst = ({ bindings, levels, addStream, fields }: Shape): boolean =>
  (isFunction(bindings) && isRecord(levels?.labels) && isRecord(levels?.values)) ||
  (isFunction(addStream) && isRecord(fields));

const lineOf = (entry: RetryLogEntry, objectFirst: boolean | undefined): readonly unknown[] => {
  const text = textOf(entry);
  if (objectFirst === undefined) return [text];
  return objectFirst ? [entry, text] : [text, entry];
};

/** Whatever goes wrong while a line is written concerns no request. */
function quietly(write: () => unknown): void {
  try {
    const written = write() as Partial<Promise<unknown>> | undefined;
    written?.then?.(undefined, () => undefined);
  } catch {
    // A logger that fails has nowhere to say so.
  }
}

function textOf(entry: RetryLogEntry): string {
  const {
    event,
    method,
    url,
    attemptNumber,
    maxAttempts,
    status,
    code = 'an error without code',
    delay = 0,
  } = entry;
  const count = maxAttempts === undefined ? attemptNumber : `${attemptNumber} of ${maxAttempts}`;
  // What waited in front of the adapter and was not sent is no attempt.
  const what = attemptNumber > 0 ? `attempt ${count}` : 'not sent';
  const chooser = entry.delaySource === 'server' ? 'asked by the server' : 'backoff';
  const sequel = {
    attempt: '',
    retry: `, retry in ${showDuration(delay)} (${chooser})`,
    'give-up': `, gave up (${entry.reason})`,
  };
  return onOneLine(`${method} ${url} ${what}: ${status ?? code}${sequel[event]}`);
}

/** One line in which no logger finds a placeholder: consoles and winston would put the object in its place. */
const onOneLine = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').replace(/%(?=[scdjifoO%])/g, '% ');
