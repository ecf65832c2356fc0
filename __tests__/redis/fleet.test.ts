import type { InternalAxiosRequestConfig } from 'axios';
import { isCooldown, isRetryThrottle } from '../../lib/limits/brand.ts';
import {
  type ConnectivityChange,
  type RedisFleet,
  type RedisFleetOptions,
  redisFleet,
} from '../../lib/redis.ts';
import { type VirtualClock, virtualClock } from '../../lib/testing.ts';
import { type Call, type Fake, FakeIoredis, FakeNodeRedis, fakes } from './fake-redis.ts';

const ORIGIN = 'https://api.example.com';

/** Lets everything happen that takes no time. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 50; i += 1) await Promise.resolve();
};

interface Stage {
  readonly client: Fake;
  readonly clock: VirtualClock;
  readonly fleet: RedisFleet;
  readonly changes: ConnectivityChange[];
  readonly sent: (script: Call['script']) => Call[];
  readonly retry: (isLocal?: boolean) => number | undefined;
  readonly pause: (wait: number) => boolean;
  readonly left: () => number;
  readonly pass: (ms: number) => Promise<void>;
}

function stageOf(client: Fake, options: RedisFleetOptions = {}): Stage {
  const clock = virtualClock({ mode: 'manual' });
  const changes: ConnectivityChange[] = [];
  const observe = [
    { onConnectivity: (change: ConnectivityChange) => changes.push(change) },
    ...[options.observe ?? []].flat(),
  ];
  const fleet = redisFleet(client, { ...options, observe }, { clock, random: () => 0 });
  const throttle = fleet.throttle as RedisFleet['throttle'] & {
    take(origin: string, throttled: boolean, now: number, isLocal?: boolean): number | undefined;
  };
  return {
    client,
    clock,
    fleet,
    changes,
    sent: (script) => client.calls.filter((call) => call.script === script),
    retry: (isLocal) => throttle.take(ORIGIN, false, clock.monotonic(), isLocal),
    pause: (wait) => fleet.cooldown.hear(ORIGIN, wait, clock.monotonic(), () => 0),
    left: () => fleet.cooldown.left(ORIGIN, clock.monotonic()),
    async pass(ms) {
      await settle();
      await clock.advance(ms);
      await settle();
    },
  };
}

async function connected(create: () => Fake, options?: RedisFleetOptions): Promise<Stage> {
  const stage = stageOf(create(), options);
  await settle();
  expect(stage.fleet.state().connectivity).toBe('connected');
  stage.client.calls = [];
  return stage;
}

describe('what is refused, before anything is connected', () => {
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'redis://127.0.0.1'],
    ['an object that is no client', { evalSha: () => undefined }],
    ['a client of another kind', { evalSha: () => 1, duplicate: () => 1, on: () => 1, off: () => 1 }],
    [
      'a client of redis 3',
      { evalsha: () => 1, duplicate: () => 1, subscribe: () => 1, on: () => 1, off: () => 1 },
    ],
  ])('%s', (_name, client) => {
    expect(() => redisFleet(client as never)).toThrow(
      /^Expected `client` to be a client of redis \(node-redis\) 5 or later, or of ioredis 5 or later, got /,
    );
  });

  test.each<[object | null, RegExp]>([
    [{ prefix: '' }, /^Expected fleet option `prefix` to be a string that is not empty, got ""$/],
    [{ prefix: 3 }, /`prefix`/],
    [
      { timeout: 0 },
      /^Expected fleet option `timeout` to be a number of milliseconds from 1 to 60000, got 0$/,
    ],
    [{ timeout: Infinity }, /`timeout`/],
    [{ timeout: '250' }, /`timeout`/],
    [{ observe: () => undefined }, /`observe` to be an object with a function `onConnectivity`/],
    [{ observe: [{ onConnectivity: 3 }] }, /`observe`/],
    [{ tokens: 500 }, /`tokens` to be an object of the options of a RetryThrottle, got 500/],
    [
      { tokens: { capacity: 0 } },
      /^Expected retry throttle option `capacity` to be a finite number > 0, got 0$/,
    ],
    [{ cooldown: false }, /`cooldown` to be an object of the options of a Cooldown, got false/],
    [{ cooldown: { pace: 2 } }, /`pace`/],
    [{ prefx: 'a' }, /^Expected fleet option `prefx` to be spelled `prefix`, got "a"$/],
    [[], /^Expected fleet options to be an object, got \[\]$/],
  ])('%p', (options, message) => {
    const client = new FakeIoredis();
    expect(() => redisFleet(client as never, options as never)).toThrow(TypeError);
    expect(() => redisFleet(client as never, options as never)).toThrow(message);
    expect(client.subscriber).toBeUndefined();
  });
});

describe.each(Object.entries(fakes))('over %s', (kind, create) => {
  test('it is a throttle and a cooldown for attachRetry', async () => {
    const { fleet } = await connected(create);
    expect([isRetryThrottle(fleet.throttle), isCooldown(fleet.cooldown)]).toEqual([true, true]);
    expect([fleet.throttle.idle, fleet.cooldown.idle]).toEqual([true, true]);
  });

  test('it catches up once, after it listens on a connection of its own', async () => {
    const client = create();
    const { fleet, changes, pass } = stageOf(client, { prefix: 'my-app' });
    expect(client.calls).toHaveLength(0);
    await settle();
    expect(client.subscriber?.subscribed).toEqual(['my-app:events']);
    expect(client.calls.map(({ key, args }) => [key, ...args])).toEqual([
      ['my-app:{cooldown}', 'my-app:events', '1'],
    ]);
    expect(changes).toEqual([{ connectivity: 'connected' }]);
    await pass(3_600_000);
    expect(fleet.state()).toEqual({
      connectivity: 'connected',
      commands: 1,
      tokens: new Map(),
      pauses: new Map(),
    });
  });

  test('it learns at the start how long others still pause', async () => {
    const client = create();
    client.auto = (call) => call.answer(1_000, ORIGIN, 700, 'a', 30);
    const { left, fleet } = stageOf(client);
    await settle();
    expect(left()).toBe(700);
    expect(fleet.state().pauses).toEqual(
      new Map([
        [ORIGIN, 700],
        ['a', 30],
      ]),
    );
  });

  test('it sends nothing while the client is not ready, and says so in time', async () => {
    const client = create();
    client.isConnected = false;
    const { fleet, changes, retry, pause, pass } = stageOf(client);
    await settle();
    pause(10_000);
    expect(retry()).toBe(14);
    expect(fleet.state().connectivity).toBe('connecting');
    await pass(60_000);
    expect(client.calls).toHaveLength(0);
    expect(changes).toEqual([
      { connectivity: 'disconnected', error: new Error('Redis has not been reached yet') },
    ]);
    client.up();
    await settle();
    expect(changes.at(-1)).toEqual({ connectivity: 'connected' });
  });

  test('a script that the server does not know is sent by its text', async () => {
    const { client, pause } = await connected(create);
    client.knowsScripts = false;
    pause(10_000);
    await settle();
    expect([client.texts, client.calls.map(({ script }) => script)]).toEqual([1, ['pauses']]);
  });

  test('a pause is told once, and again when it ends later by 100 ms', async () => {
    const { sent, pause, left, pass } = await connected(create);
    pause(10_000);
    await settle();
    pause(10_050);
    await settle();
    expect(sent('pauses').map(({ args }) => args)).toEqual([
      ['axios-tenacity:events', '0', ORIGIN, '10000', '10000'],
    ]);
    await pass(500);
    pause(10_000);
    await settle();
    expect(sent('pauses')).toHaveLength(2);
    expect(left()).toBe(10_000);
  });

  test('one command for each scope is under way; what happens meanwhile is told after it', async () => {
    const { client, sent, pause } = await connected(create);
    client.auto = undefined;
    for (const wait of [1_000, 2_000, 3_000]) pause(wait);
    await settle();
    expect(sent('pauses')).toHaveLength(1);
    sent('pauses')[0]?.answer(0);
    await settle();
    expect(sent('pauses').map(({ args }) => args[3])).toEqual(['1000', '3000']);
  });

  test('a pause of another process is kept and not told again', async () => {
    const { client, sent, pause, left, fleet } = await connected(create);
    client.subscriber?.hear(JSON.stringify(['pause', ORIGIN, 5_000]));
    expect(left()).toBe(5_000);
    pause(5_050);
    await settle();
    expect(sent('pauses')).toHaveLength(0);
    expect(fleet.cooldown.pace(ORIGIN, 1_000, 1_000)).toBeDefined();
  });

  test('who waits for a pause of another process goes as late as in one line with the request that was refused', async () => {
    const { client, fleet, pass } = await connected(create);
    client.subscriber?.hear(JSON.stringify(['pause', ORIGIN, 10_000]));
    await pass(3_000);
    expect(fleet.cooldown.hold(ORIGIN, 3_000)?.due).toBe(10_000 + 3_000 / 0.5);
    expect(fleet.cooldown.hold(ORIGIN, 4_000)?.due).toBe(10_000 + 4_000 / 0.5);
  });

  test.each([
    '',
    '{',
    'null',
    '3',
    '[]',
    '["pause"]',
    '["pause", 3, 1000]',
    '["pause", "a", "1000"]',
    '["pause", "a", -1]',
    '["pause", "a", 1e999]',
    '["other", "a", 1000]',
    '{"pause": 1}',
  ])('what else comes over the channel changes nothing: %s', async (message) => {
    const { client, fleet } = await connected(create);
    client.subscriber?.hear(message);
    expect([fleet.cooldown.idle, fleet.throttle.idle]).toEqual([true, true]);
  });

  test('what a retry costs is told at once, one command at a time, and the reply counts', async () => {
    const { client, sent, retry, fleet } = await connected(create);
    expect([retry(), retry(), retry()]).toEqual([14, 14, 14]);
    expect(sent('tokens')).toHaveLength(1);
    expect(sent('tokens')[0]?.key).toBe(`axios-tenacity:{${ORIGIN}}:tokens`);
    expect(sent('tokens')[0]?.args).toEqual([
      '500',
      '60000',
      '-14',
      '14',
      '500',
      'axios-tenacity:events',
      ORIGIN,
    ]);
    sent('tokens')[0]?.answer(0, 100);
    await settle();
    expect(sent('tokens').map(({ args }) => args[2])).toEqual(['-14', '-28']);
    expect(fleet.state().tokens).toEqual(new Map([[ORIGIN, 72]]));
    sent('tokens')[1]?.answer(0, 13);
    await settle();
    expect(retry()).toBeUndefined();
    client.calls = [];
  });

  test('the own bucket keeps what the shared one refuses', async () => {
    const { sent, retry, fleet, clock } = await connected(create);
    retry();
    sent('tokens')[0]?.answer(0, 0);
    await settle();
    const own = fleet.throttle.tokens(ORIGIN, clock.monotonic());
    expect(retry()).toBeUndefined();
    expect(fleet.throttle.tokens(ORIGIN, clock.monotonic())).toBe(own);
  });

  test('what the fleet has spent beyond its tokens is paid off before the next retry', async () => {
    const { client, sent, retry, fleet, pass } = await connected(create);
    retry();
    sent('tokens')[0]?.answer(0, -100);
    await settle();
    client.subscriber?.hear(JSON.stringify(['tokens', ORIGIN, -200]));
    expect(fleet.state().tokens).toEqual(new Map([[ORIGIN, -200]]));
    client.auto = () => undefined;
    await pass(25_000);
    expect(retry()).toBeUndefined();
    await pass(1_000);
    expect(retry()).toBe(14);
  });

  test('a reply that is older than what others have told since does not bring tokens back', async () => {
    const { client, sent, retry, fleet } = await connected(create);
    retry();
    client.subscriber?.hear(JSON.stringify(['tokens', ORIGIN, -100]));
    sent('tokens')[0]?.answer(0, 400);
    await settle();
    expect(fleet.state().tokens).toEqual(new Map([[ORIGIN, -100]]));
  });

  test('who is refused asks again within 500 ms, for others may have earned some', async () => {
    const { sent, retry, pass } = await connected(create);
    retry();
    sent('tokens')[0]?.answer(0, 0);
    await settle();
    for (let i = 0; i < 5; i += 1) expect(retry()).toBeUndefined();
    await pass(500);
    expect(sent('tokens').map(({ args }) => args[2])).toEqual(['-14', '0']);
    sent('tokens')[1]?.answer(0, 300);
    await settle();
    expect(retry()).toBe(14);
  });

  test('what is earned is told within 500 ms, all at once', async () => {
    const { sent, retry, fleet, clock, pass } = await connected(create);
    retry();
    sent('tokens')[0]?.answer(0, 300);
    await settle();
    for (let i = 0; i < 30; i += 1) fleet.throttle.give(ORIGIN, clock.monotonic());
    await pass(499);
    expect(sent('tokens')).toHaveLength(1);
    await pass(1);
    expect(sent('tokens')[1]?.args[2]).toBe('30');
    sent('tokens')[1]?.answer(0, 500);
    await settle();
    expect(fleet.state().tokens.size).toBe(0);
  });

  test('a failure that concerns this process alone is charged to its own bucket', async () => {
    const { sent, retry, fleet, clock } = await connected(create);
    expect(retry(true)).toBe(14);
    expect(fleet.throttle.tokens(ORIGIN, clock.monotonic())).toBe(236);
    const give = fleet.throttle.give.bind(fleet.throttle) as (...values: unknown[]) => void;
    give(ORIGIN, clock.monotonic(), 14, true);
    await settle();
    expect([sent('tokens').length, fleet.throttle.idle]).toEqual([0, true]);
  });

  test('one process takes at most half of what the fleet has', async () => {
    const { client, retry } = await connected(create);
    client.auto = (call) => call.answer(0, 500);
    let granted = 0;
    for (let i = 0; i < 100; i += 1) granted += retry() === undefined ? 0 : 1;
    expect(granted).toBe(Math.floor(250 / 14));
  });

  test('a bucket that has become low is known at once', async () => {
    const { client, retry, fleet, clock } = await connected(create);
    client.subscriber?.hear(JSON.stringify(['tokens', ORIGIN, 3]));
    expect(retry()).toBeUndefined();
    expect(fleet.throttle.idle).toBe(false);
    await clock.advance(60_000);
    expect(retry()).toBe(14);
  });

  test('a command without an answer in time: nothing more is sent until it has settled and a catch-up came through', async () => {
    const { client, sent, retry, pause, pass, changes, fleet } = await connected(create);
    client.auto = undefined;
    retry();
    await pass(249);
    expect(changes).toHaveLength(1);
    await pass(2);
    expect(changes.at(-1)).toEqual({
      connectivity: 'disconnected',
      error: new Error('Redis gave no answer within 250 ms'),
    });
    for (let i = 0; i < 5; i += 1) {
      retry();
      pause(100_000 + 1_000 * i);
      await pass(60_000);
    }
    expect(client.calls).toHaveLength(1);
    client.auto = (call) => call.answer(300_000);
    sent('tokens')[0]?.answer(0, 400);
    await pass(0);
    expect(sent('pauses').map(({ args }) => args.length)).toEqual([2, 5]);
    expect(changes.at(-1)).toEqual({ connectivity: 'connected' });
    expect(fleet.state().tokens.size).toBe(0);
  });

  test('answers that stay late are asked for ever more rarely', async () => {
    const { client, sent, pause, pass, changes } = await connected(create);
    client.auto = undefined;
    pause(100_000);
    const counts: number[] = [];
    for (const ms of [0, 2_000, 4_000, 8_000, 10_000]) {
      await pass(300);
      for (const call of client.calls) call.answer(0);
      await pass(ms);
      counts.push(sent('pauses').length);
    }
    expect(counts).toEqual([2, 3, 4, 5, 6]);
    expect(changes.map(({ connectivity }) => connectivity)).toEqual(['connected', 'disconnected']);
  });

  test('while Redis refuses, catch-ups come ever more rarely, to one in 10 s', async () => {
    const { client, sent, pause, pass, changes, fleet } = await connected(create);
    client.auto = (call) => call.fail('READONLY You cannot write against a read only replica.');
    pause(10_000);
    await pass(0);
    const counts: number[] = [];
    for (const ms of [1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]) {
      await pass(ms);
      counts.push(sent('pauses').length);
    }
    expect(counts).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect(changes.map(({ connectivity }) => connectivity)).toEqual(['connected', 'disconnected']);
    expect(String(fleet.state().error)).toMatch(/READONLY/);
  });

  test('a connection that is lost and found: one event each, and all that happened is told', async () => {
    const { client, sent, retry, pause, left, pass, changes } = await connected(create);
    client.down(new Error('gone'));
    client.subscriber?.down(new Error('gone'));
    expect(changes.at(-1)).toEqual({ connectivity: 'disconnected', error: new Error('gone') });
    pause(10_000);
    retry();
    await pass(2_000);
    expect(client.calls).toHaveLength(0);
    client.auto = (call) => call.answer(0, 'other', 50);
    client.up();
    client.subscriber?.up();
    await pass(0);
    expect(changes.map(({ connectivity }) => connectivity)).toEqual([
      'connected',
      'disconnected',
      'connected',
    ]);
    const told = sent('pauses').filter(({ args }) => args.length > 2);
    expect(told.map(({ args }) => args.slice(2, 4))).toEqual([[ORIGIN, '8000']]);
    expect(sent('tokens')).toHaveLength(0);
    expect(left()).toBe(8_000);
  });

  test('who has lost Redis for a moment still knows then that no tokens are left', async () => {
    const { client, retry, sent, pass, fleet } = await connected(create);
    retry();
    sent('tokens')[0]?.answer(0, 0);
    await settle();
    client.down(new Error('gone'));
    expect(retry()).toBe(14);
    fleet.throttle.give(ORIGIN, 0);
    await pass(1_000);
    client.up();
    await pass(0);
    expect(fleet.state()).toMatchObject({ connectivity: 'connected', tokens: new Map([[ORIGIN, 25 / 3]]) });
    expect(retry()).toBeUndefined();
    await pass(60_000);
    expect(fleet.state().tokens.size).toBe(0);
  });

  test('a client that gave up on the listening connection has it back when it is ready again', async () => {
    const { client, pass, fleet } = await connected(create);
    client.subscriber?.down(new Error('gone'));
    expect(fleet.state().connectivity).toBe('disconnected');
    await pass(1_000);
    expect(fleet.state().connectivity).toBe('connected');
  });

  test('what an observer throws or rejects with changes nothing', async () => {
    const observe = [
      {
        onConnectivity: () => {
          throw new Error('thrown');
        },
      },
      { onConnectivity: () => Promise.reject(new Error('rejected')) as never },
      {},
    ];
    const { changes } = await connected(create, { observe });
    expect(changes).toHaveLength(1);
  });

  test('a command that throws at once counts as a failure', async () => {
    const { client, pause, changes } = await connected(create);
    Object.assign(client, {
      [kind === 'ioredis' ? 'evalsha' : 'evalSha']: () => {
        throw new Error('thrown');
      },
    });
    pause(10_000);
    await settle();
    expect(changes.at(-1)).toEqual({ connectivity: 'disconnected', error: new Error('thrown') });
  });

  test('close() sends and hears nothing more, and tells no observer', async () => {
    const { client, retry, pause, pass, changes, fleet } = await connected(create);
    await fleet.close();
    client.once('error', () => undefined);
    client.down(new Error('gone'));
    client.up();
    expect(retry()).toBe(14);
    pause(10_000);
    await pass(60_000);
    expect([client.calls.length, changes.length, client.eventNames()]).toEqual([0, 1, []]);
    expect([client.isConnected, client.subscriber?.isConnected]).toEqual([true, false]);
    expect(fleet.state().connectivity).toBe('closed');
  });

  test('a scope is hashed, an origin is not', async () => {
    const config = { url: '/a', baseURL: `${ORIGIN}/v1` } as InternalAxiosRequestConfig;
    const { fleet } = await connected(create);
    expect(fleet.cooldown.scopeOf(config)).toBe(ORIGIN);
    const scoped = await connected(create, { cooldown: { scope: () => 'Bearer secret' } });
    expect(scoped.fleet.cooldown.scopeOf(config)).toMatch(/^[\w-]{22}$/);
  });

  test('thousands of origins and scopes are not all remembered', async () => {
    const { client, fleet, clock } = await connected(create);
    client.auto = (call) => call.answer(0, 1);
    for (let i = 0; i < 3_000; i += 1) {
      fleet.throttle.take(`https://${i}.example.com`, false, clock.monotonic());
      fleet.cooldown.hear(`https://${i}.example.com`, 5_000, clock.monotonic(), () => 0);
    }
    await settle();
    expect(fleet.state().tokens.size).toBeLessThanOrEqual(1_000);
    expect(fleet.state().pauses.size).toBeLessThanOrEqual(1_000);
  });
});

test('the listening connection of ioredis connects and subscribes when told to, whatever the options of the client', async () => {
  const client = new FakeIoredis();
  stageOf(client as never);
  await settle();
  expect(client.subscriber?.overrides).toEqual([
    expect.objectContaining({ lazyConnect: true, autoResubscribe: false, keyPrefix: '' }),
  ]);
  client.subscriber?.up();
  await settle();
  expect(client.subscriber?.subscribed).toHaveLength(2);
});

test('a sentinel of node-redis 5, which has no `duplicate()`, listens by itself and is left as it was', async () => {
  const client = new FakeNodeRedis();
  Object.assign(client, { duplicate: undefined });
  client.isConnected = false;
  const { fleet, pass, left, changes } = stageOf(client);
  await settle();
  expect(client.subscribed).toEqual([]);
  client.isConnected = true;
  await pass(2_000);
  expect(fleet.state().connectivity).toBe('connected');
  expect(client.subscribed).toEqual(['axios-tenacity:events']);
  client.hear(JSON.stringify(['pause', ORIGIN, 5_000]));
  expect(left()).toBe(5_000);
  await fleet.close();
  expect([client.subscribed, client.eventNames(), client.isConnected]).toEqual([[], [], true]);
  expect(changes).toHaveLength(1);
});
