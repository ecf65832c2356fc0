/**
 * A policy as text, and back. It reads the literals that JavaScript has, and calls of the strategies of this package such as
 * `waitFixed(500)`. It runs nothing, so an address that somebody sends you can do no harm.
 */

/** A value that a policy may hold. */
export type Value = string | number | boolean | undefined | readonly Value[] | Policy | Call;

/** The options of a policy, by name. */
export interface Policy {
  readonly [name: string]: Value;
}

/** A call of a strategy, such as `waitFixed(500)`. */
export class Call {
  constructor(
    readonly name: string,
    readonly values: readonly Value[],
  ) {}
}

const STRATEGY = /^(wait|stop|retry(If|Any|All|Not))[A-Z]?\w*$/;
const TOKEN =
  /\s+|\/\/.*|\/\*[\s\S]*?\*\/|(?<number>\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?)|(?<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|(?<name>[A-Za-z_$][\w$]*)|(?<mark>[{}[\](),:;-])/y;

interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'mark' | 'end';
  readonly text: string;
}

function tokensOf(code: string): readonly Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < code.length) {
    const from = TOKEN.lastIndex;
    const groups = TOKEN.exec(code)?.groups;
    if (!groups) throw new SyntaxError(`Unexpected ${code.slice(from, from + 12).split('\n')[0]}`);
    for (const [kind, text] of Object.entries(groups)) {
      if (text !== undefined) tokens.push({ kind: kind as Token['kind'], text });
    }
  }
  return [...tokens, { kind: 'end', text: 'the end' }];
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(code: string) {
    this.#tokens = tokensOf(code);
  }

  get #token(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #next(): Token {
    const token = this.#token;
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  #takes(text: string): boolean {
    const found = this.#token.kind !== 'text' && this.#token.text === text;
    if (found) this.#at += 1;
    return found;
  }

  #expect(text: string): void {
    if (!this.#takes(text)) throw new SyntaxError(`Expected ${text} before ${this.#token.text}`);
  }

  /** `attachRetry(client, { … });` or the object alone. */
  policy(): Policy {
    const isCall = this.#takes('attachRetry');
    if (isCall) {
      this.#expect('(');
      this.#next();
      if (this.#takes(')')) return this.#end({});
      this.#expect(',');
    }
    this.#expect('{');
    const policy = this.#object();
    if (isCall) {
      this.#takes(',');
      this.#expect(')');
    }
    return this.#end(policy);
  }

  #end(policy: Policy): Policy {
    this.#takes(';');
    if (this.#token.kind !== 'end') throw new SyntaxError(`Unexpected ${this.#token.text} after the policy`);
    return policy;
  }

  #object(): Policy {
    const fields: [string, Value][] = [];
    while (!this.#takes('}')) {
      const { kind, text } = this.#next();
      if (kind !== 'name' && kind !== 'text')
        throw new SyntaxError(`Expected the name of an option before ${text}`);
      this.#expect(':');
      fields.push([kind === 'text' ? unquoted(text) : text, this.#value()]);
      if (this.#takes('}')) break;
      this.#expect(',');
    }
    return Object.fromEntries(fields);
  }

  #list(end: string): readonly Value[] {
    const values: Value[] = [];
    while (!this.#takes(end)) {
      values.push(this.#value());
      if (this.#takes(end)) break;
      this.#expect(',');
    }
    return values;
  }

  #value(): Value {
    const { kind, text } = this.#next();
    if (kind === 'number') return Number(text.replaceAll('_', ''));
    if (kind === 'text') return unquoted(text);
    if (kind === 'name') return this.#word(text);
    if (text === '-') {
      const value = this.#value();
      if (typeof value === 'number') return -value;
    }
    if (text === '{') return this.#object();
    if (text === '[') return this.#list(']');
    throw new SyntaxError(`Expected a value before ${text}`);
  }

  #word(text: string): Value {
    const words: Readonly<Record<string, Value>> = { true: true, false: false, undefined, Infinity, NaN };
    if (Object.hasOwn(words, text)) return words[text];
    if (STRATEGY.test(text)) {
      this.#expect('(');
      return new Call(text, this.#list(')'));
    }
    throw new SyntaxError(`${text} cannot be used here: literals and strategies such as waitFixed(500) can`);
  }
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t' };

const unquoted = (text: string): string =>
  text.slice(1, -1).replace(/\\(.)/g, (_, escaped: string) => ESCAPED[escaped] ?? escaped);

/**
 * Reads a policy.
 *
 * @throws SyntaxError in words for what is no policy
 */
export const readPolicy = (code: string): Policy => new Reader(code).policy();

/** A policy as a person would write it. */
export function writePolicy(policy: Policy): string {
  const fields = fieldsOf(policy);
  return fields.length === 0
    ? 'attachRetry(client);'
    : `attachRetry(client, {\n  ${fields.join(',\n  ')},\n});`;
}

const fieldsOf = (policy: Policy): readonly string[] =>
  Object.entries(policy).flatMap(([name, value]) =>
    value === undefined ? [] : [`${/^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name)}: ${write(value)}`],
  );

function write(value: Value): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') return writeNumber(value);
  if (value === undefined || typeof value === 'boolean') return String(value);
  if (value instanceof Call) return `${value.name}(${value.values.map(write).join(', ')})`;
  if (isList(value)) return `[${value.map(write).join(', ')}]`;
  const fields = fieldsOf(value);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`;

/** 300000 is 300_000. */
const writeNumber = (value: number): string => {
  const text = String(value);
  return /^\d+$/.test(text) ? text.replace(/\B(?=(\d{3})+$)/g, '_') : text;
};

/** What the package exports, by name. */
export type Api = Readonly<Record<string, unknown>>;

/**
 * The options that a policy stands for: its calls are made.
 *
 * @throws what a strategy throws for bad arguments; SyntaxError for one that the package does not have
 */
export function optionsOf(value: Value, api: Api): unknown {
  if (value instanceof Call) {
    const strategy = Object.hasOwn(api, value.name) ? api[value.name] : undefined;
    if (typeof strategy !== 'function') throw new SyntaxError(`The package has no ${value.name}`);
    return strategy(...value.values.map((each) => optionsOf(each, api)));
  }
  if (isList(value)) return value.map((each) => optionsOf(each, api));
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, optionsOf(each, api)]));
}
