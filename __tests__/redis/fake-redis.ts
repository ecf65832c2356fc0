import { EventEmitter } from 'node:events';
import { CHANGE_TOKENS, SHARE_PAUSES } from '../../lib/redis/scripts.ts';
import type { RedisClient } from '../../lib/redis.ts';

/** A script that was sent to a fake, and how to answer it. */
export interface Call {
  readonly script: 'pauses' | 'tokens' | 'unknown';
  readonly key: string;
  readonly args: readonly string[];
  answer(...reply: readonly (string | number)[]): void;
  fail(message: string): void;
}

const scriptOf = (text: string): Call['script'] => {
  if ([SHARE_PAUSES.sha, SHARE_PAUSES.text].includes(text)) return 'pauses';
  return [CHANGE_TOKENS.sha, CHANGE_TOKENS.text].includes(text) ? 'tokens' : 'unknown';
};

/** What both fake clients have in common. */
class FakeClient extends EventEmitter {
  calls: Call[] = [];
  /** What was sent by text, since the server did not know its name. */
  texts = 0;
  /** Answers every call at once, unless it is taken away. */
  auto: ((call: Call) => void) | undefined = (call) =>
    call.script === 'pauses' ? call.answer(0) : undefined;
  knowsScripts = true;
  overrides: readonly unknown[] = [];
  subscribed: string[] = [];
  subscriber: this | undefined;
  isConnected = true;

  call(text: string, key: string, args: readonly string[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call: Call = {
        script: scriptOf(text),
        key,
        args,
        answer: (...reply) => resolve(JSON.stringify(reply)),
        fail: (message) => reject(new Error(message)),
      };
      this.calls.push(call);
      this.auto?.(call);
    });
  }

  sha(sha: string, key: string, args: readonly string[]): Promise<unknown> {
    if (this.knowsScripts) return this.call(sha, key, args);
    return Promise.reject(new Error('NOSCRIPT No matching script.'));
  }

  text(text: string, key: string, args: readonly string[]): Promise<unknown> {
    this.texts += 1;
    return this.call(text, key, args);
  }

  copy(overrides: readonly unknown[]): this {
    const copy = new (this.constructor as new () => this)();
    copy.isConnected = false;
    copy.overrides = overrides;
    this.subscriber = copy;
    return copy;
  }

  async connect(): Promise<void> {
    this.up();
  }

  up(): void {
    this.isConnected = true;
    this.emit('ready');
  }

  down(error?: Error): void {
    this.isConnected = false;
    if (error) this.emit('error', error);
    this.emit('close');
    this.emit('end');
  }
}

export class FakeNodeRedis extends FakeClient {
  #listener: ((message: string) => void) | undefined;

  get isOpen(): boolean {
    return this.isConnected;
  }

  get isReady(): boolean {
    return this.isConnected;
  }

  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown> {
    return this.sha(sha, options.keys[0] ?? '', options.arguments);
  }

  eval(text: string, options: { keys: string[]; arguments: string[] }): Promise<unknown> {
    return this.text(text, options.keys[0] ?? '', options.arguments);
  }

  duplicate(overrides: object): this {
    return this.copy([overrides]);
  }

  async subscribe(channel: string, listener: (message: string) => void): Promise<void> {
    this.subscribed.push(channel);
    this.#listener = listener;
  }

  async unsubscribe(channel: string, listener: (message: string) => void): Promise<void> {
    if (listener === this.#listener) this.subscribed = this.subscribed.filter((name) => name !== channel);
  }

  hear(message: string): void {
    this.#listener?.(message);
  }

  destroy(): void {
    this.isConnected = false;
  }
}

export class FakeIoredis extends FakeClient {
  get status(): string {
    return this.isConnected ? 'ready' : 'end';
  }

  evalsha(sha: string, _keys: number, key = '', ...args: string[]): Promise<unknown> {
    return this.sha(sha, key, args);
  }

  eval(text: string, _keys: number, key = '', ...args: string[]): Promise<unknown> {
    return this.text(text, key, args);
  }

  duplicate(...overrides: unknown[]): this {
    return this.copy(overrides);
  }

  async subscribe(channel: string): Promise<void> {
    this.subscribed.push(channel);
  }

  hear(message: string): void {
    this.emit('message', this.subscribed[0], message);
  }

  disconnect(): void {
    this.isConnected = false;
  }
}

export type Fake = (FakeNodeRedis | FakeIoredis) & RedisClient;

export const fakes: Readonly<Record<string, () => Fake>> = {
  'node-redis': () => new FakeNodeRedis(),
  ioredis: () => new FakeIoredis(),
};
