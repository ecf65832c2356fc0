import { codeOf } from '../failure/causes.ts';
import { expected } from '../options/expected.ts';
import type {
  DelaySource,
  GiveUpContext,
  PendingRetryContext,
  Reason,
  RetryContext,
  RetryObserver,
} from '../types.ts';
import { addressOf } from './address.ts';
import { showDuration } from './duration.ts';

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
   * Whether the logger takes the object before the text, as pino and bunyan do. To be set only where that cannot be
   * seen: for a wrapper around pino.
   *
   * @defaultValue true for a pino logger or a child of one, else false
   */
  readonly objectFirst?: boolean | undefined;
}

/** The object beside the text of a line. Durations are whole milliseconds. */
export interface RetryLogEntry {
  readonly event: 'attempt' | 'retry' | 'give-up';
  readonly method: string;
  /** With `baseURL`, without credentials, query and fragment. */
  readonly url: string;
  readonly attemptNumber: number;
  /** Missing when there is no limit. */
  readonly maxAttempts?: number;
  readonly status?: number;
  /** When there was no response. */
  readonly code?: string;
  readonly elapsed: number;
  readonly totalDelay: number;
  /** On `retry` only. */
  readonly delay?: number;
  /** On `retry` only. */
  readonly delaySource?: DelaySource;
  /** On `give-up` only. */
  readonly reason?: Reason;
}

/**
 * An observer that writes one line when a retry is scheduled and one when a request is given up, to the console, pino,
 * winston or anything alike. A request that failed at once for good (`not-retryable`) is not news and leaves no line.
 *
 * Neither headers, query, body nor credentials are logged. The path is: not for URLs with a secret in the path.
 *
 * @param logger its methods are looked up when a line is written
 * @throws TypeError for what is no logger, an unknown option or a level that the logger does not have
 */
export function logRetries(logger: object, options: LogRetriesOptions = {}): RetryObserver {
  const { retry, giveUp, attempt, objectFirst } = readOptions(logger, options);
  const writeTo = (
    level: string | false,
    event: RetryLogEntry['event'],
  ): ((context: AnyContext) => void) | undefined => {
    if (level === false) return undefined;
    return (context) => {
      if (context.reason === 'not-retryable' && context.attemptNumber === 1) return;
      quietly(() => {
        const entry = entryOf(event, context);
        const line = objectFirst ? [entry, textOf(entry)] : [textOf(entry), entry];
        return (logger as Logger)[level]?.(...line);
      });
    };
  };
  return {
    onAttempt: writeTo(attempt, 'attempt'),
    onRetry: writeTo(retry, 'retry'),
    onGiveUp: writeTo(giveUp, 'give-up'),
  };
}

/** A context of any moment. */
type AnyContext = RetryContext & Partial<PendingRetryContext & GiveUpContext>;

type Logger = Readonly<Record<string, (...line: readonly unknown[]) => unknown>>;

type Given<T> = { readonly [name in keyof T]-?: Exclude<T[name], undefined> };

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

function readOptions(logger: object, options: LogRetriesOptions): Given<LogRetriesOptions> {
  if (!isObject(logger)) {
    throw expected('the first argument of `logRetries`', 'a logger such as console, pino or winston', logger);
  }
  if (!isObject(options)) throw expected('`logRetries` options', 'an object', options);
  const all: Record<string, unknown> = {
    retry: 'warn',
    giveUp: 'error',
    attempt: false,
    objectFirst: isPino(logger),
  };
  for (const [name, value] of Object.entries(options)) {
    const option = `\`logRetries\` option \`${name}\``;
    if (!Object.hasOwn(all, name)) throw expected(option, `one of ${Object.keys(all).join(', ')}`, value);
    if (value !== undefined) all[name] = value;
  }
  for (const [name, value] of Object.entries(all)) {
    const isValid =
      name === 'objectFirst' ? typeof value === 'boolean' : value === false || isLevel(logger, value);
    const rule = name === 'objectFirst' ? 'a boolean' : 'the name of a method of the logger, or false';
    if (!isValid) throw expected(`\`logRetries\` option \`${name}\``, rule, value);
  }
  return all as unknown as Given<LogRetriesOptions>;
}

const isLevel = (logger: object, value: unknown): boolean =>
  typeof value === 'string' && typeof (logger as Logger)[value] === 'function';

/** Whether this is a pino logger, of any version, in Node or a browser, or a child of one. */
function isPino(logger: object): boolean {
  const { levels, bindings } = logger as {
    readonly levels?: { readonly labels?: unknown; readonly values?: unknown };
    readonly bindings?: unknown;
  };
  return typeof bindings === 'function' && isObject(levels?.labels) && isObject(levels?.values);
}

/** Whatever goes wrong while a line is written concerns no request. */
function quietly(write: () => unknown): void {
  try {
    const written = write() as Partial<Promise<unknown>> | undefined;
    written?.then?.(undefined, () => undefined);
  } catch {
    // A logger that fails has nowhere to say so.
  }
}

function entryOf(event: RetryLogEntry['event'], context: AnyContext): RetryLogEntry {
  const { method, attemptNumber, maxAttempts, elapsed, totalDelay, delay, delaySource, reason } = context;
  return {
    event,
    method,
    url: addressOf(context),
    attemptNumber,
    ...(maxAttempts < Infinity && { maxAttempts }),
    ...resultOf(context),
    elapsed: Math.round(elapsed),
    totalDelay: Math.round(totalDelay),
    ...(delay !== undefined && { delay: Math.round(delay) }),
    ...(delaySource !== undefined && { delaySource }),
    ...(reason !== undefined && { reason }),
  };
}

/** The status; or the code, when there was no whole response. Never a message, which may quote the URL. */
function resultOf({ error, response }: RetryContext): { readonly status?: number; readonly code?: string } {
  if (response && (error === undefined || response.status >= 400)) return { status: response.status };
  const code = codeOf(error);
  return code === undefined ? {} : { code };
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
  const chooser = entry.delaySource === 'server' ? 'asked by the server' : 'backoff';
  const sequel = {
    attempt: '',
    retry: `, retry in ${showDuration(delay)} (${chooser})`,
    'give-up': `, gave up (${entry.reason})`,
  };
  return onOneLine(`${method} ${url} attempt ${count}: ${status ?? code}${sequel[event]}`);
}

/** One line in which no logger finds a placeholder: consoles and winston would put the object in its place. */
const onOneLine = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').replace(/%(?=[scdjifoO%])/g, '% ');
