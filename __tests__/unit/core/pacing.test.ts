import type { InternalAxiosRequestConfig } from 'axios';
import type { Pause } from '../../../lib/core/decide.ts';
import type { Outcome } from '../../../lib/core/outcome.ts';
import { Pacing } from '../../../lib/core/pacing.ts';
import type { Terms } from '../../../lib/core/task.ts';
import { Cooldown } from '../../../lib/limits/cooldown.ts';

const SCOPE = 'https://api.example.com';

const outcome = (status?: number): Outcome => ({
  ok: false,
  value: new Error('down'),
  isSent: true,
  config: { url: `${SCOPE}/users` } as InternalAxiosRequestConfig,
  response: status === undefined ? undefined : ({ status } as never),
  failure: 'refused',
});

const obedient = { max: 10_000, whenLonger: 'clamp' };

const pacingOf = (cooldown: unknown, hint?: number, retryAfter: unknown = obedient, random = () => 0.5) =>
  new Pacing({ policy: { cooldown, retryAfter }, log: { hint }, world: { random } } as unknown as Terms);

describe('what a server asks for is told to the cooldown', () => {
  const heard = (status: number | undefined, hint: number | undefined, retryAfter?: unknown) => {
    const cooldown = new Cooldown();
    pacingOf(cooldown, hint, retryAfter).hear(outcome(status), 1_000);
    return cooldown.left(SCOPE, 1_000);
  };

  test.each<[string, number | undefined, number | undefined, unknown, number]>([
    ['a hint on a 429', 429, 500, obedient, 500],
    ['a hint on a 503', 503, 500, obedient, 500],
    ['a hint that is longer than the policy obeys, as far as it obeys', 429, 50_000, obedient, 10_000],
    ['no hint', 429, undefined, obedient, 0],
    ['a hint on another status', 500, 500, obedient, 0],
    ['a hint without a response', undefined, 500, obedient, 0],
    ['a hint where the policy obeys none', 429, 500, false, 0],
  ])('%s', (_, status, hint, retryAfter, left) => {
    expect(heard(status, hint, retryAfter)).toBe(left);
  });

  test('and without one to nobody', () => {
    expect(() => pacingOf(undefined, 500).hear(outcome(429), 0)).not.toThrow();
  });

  test('with chance, unless everybody waits from the moment of an answer of their own', () => {
    const hear = jest.fn();
    const random = () => 0.5;
    const cooldown = { hear, scopeOf: () => 'scope' };
    for (const hint of [500, 10_000, 10_001])
      pacingOf(cooldown, hint, obedient, random).hear(outcome(429), 7);
    expect(hear.mock.calls).toEqual([
      ['scope', 500, 7, random],
      ['scope', 10_000, 7, random],
      ['scope', 10_000, 7, expect.any(Function)],
    ]);
    expect(hear.mock.calls[2][3]()).toBe(0);
  });
});

describe('the pause before a retry', () => {
  const asked: Pause = { delay: 220, delaySource: 'server' };
  const chosen: Pause = { delay: 100, delaySource: 'backoff' };
  /** A scope that cools from 0 to 1,000. */
  const cooling = () => {
    const cooldown = new Cooldown();
    cooldown.hear(SCOPE, 1_000, 0, () => 0);
    return cooldown;
  };

  test('stays as it is without a cooldown, while none is on, and in another scope', () => {
    const elsewhere = new Cooldown();
    elsewhere.hear('https://other.example.com', 1_000, 0, () => 0);
    for (const cooldown of [undefined, new Cooldown(), elsewhere]) {
      const pacing = pacingOf(cooldown);
      expect(pacing.pace(outcome(), chosen, 0)).toBe(chosen);
      expect(pacing.isPaced).toBe(false);
    }
  });

  test('is long enough for the end of the cooldown, and the server has chosen it', () => {
    const pacing = pacingOf(cooling());
    expect(pacing.pace(outcome(), chosen, 300)).toEqual({ delay: 700, delaySource: 'server' });
    expect(pacing.isPaced).toBe(true);
  });

  test('stays as it is when it ends after the cooldown', () => {
    const late: Pause = { delay: 701, delaySource: 'backoff' };
    const pacing = pacingOf(cooling());
    expect(pacing.pace(outcome(), late, 300)).toBe(late);
    expect(pacing.isPaced).toBe(false);
  });

  test('ends at its own time where that is the end of the cooldown', () => {
    const pacing = pacingOf(cooling());
    expect(pacing.pace(outcome(), { delay: 700, delaySource: 'backoff' }, 300).delay).toBe(700);
    expect(pacing.isPaced).toBe(true);
  });

  test('counts as the hint, without what spreads it, when the server has chosen it', () => {
    expect(pacingOf(cooling(), 200).pace(outcome(), asked, 795)).toEqual({
      delay: 205,
      delaySource: 'server',
    });
    expect(pacingOf(cooling(), 300).pace(outcome(), asked, 795)).toBe(asked);
    expect(pacingOf(cooling(), 200).pace(outcome(), { ...asked, delaySource: 'backoff' }, 795)).toMatchObject(
      {
        delay: 220,
      },
    );
    expect(pacingOf(cooling()).pace(outcome(), asked, 795)).toBe(asked);
  });

  test('is not paced any more by what paced the one before', () => {
    const cooldown = cooling();
    const pacing = pacingOf(cooldown);
    pacing.pace(outcome(), chosen, 0);
    expect(pacing.isPaced).toBe(true);
    pacing.pace(outcome(), { delay: 9_000, delaySource: 'backoff' }, 0);
    expect(pacing.isPaced).toBe(false);
  });
});

describe('a retry that is due', () => {
  const chosen: Pause = { delay: 100, delaySource: 'backoff' };

  test('is sent without a cooldown, and while none is on', () => {
    for (const cooldown of [undefined, new Cooldown()])
      expect(pacingOf(cooldown).putOff(outcome(), 100)).toBe(0);
  });

  test('is put off by a pause that was heard while it waited', () => {
    const cooldown = new Cooldown();
    const pacing = pacingOf(cooldown);
    pacing.pace(outcome(), chosen, 0);
    cooldown.hear(SCOPE, 500, 50, () => 0);
    expect(pacing.putOff(outcome(), 100)).toBe(450);
    expect(pacing.isPaced).toBe(true);
    expect(pacing.putOff(outcome(), 550)).toBe(0);
  });

  test('is put off by what its own pause has grown', () => {
    const cooldown = new Cooldown();
    cooldown.hear(SCOPE, 500, 0, () => 0);
    const pacing = pacingOf(cooldown);
    expect(pacing.pace(outcome(), chosen, 0).delay).toBe(500);
    cooldown.hear(SCOPE, 900, 0, () => 0);
    expect(pacing.putOff(outcome(), 500)).toBe(400);
  });

  test('is not put off by less than sums of fractions lose', () => {
    const turn = { due: 100.001, leave: () => undefined };
    const cooldown = { idle: true, scopeOf: () => 'scope', pace: () => turn, left: () => 0 };
    const pacing = pacingOf({ ...cooldown, idle: false });
    pacing.pace(outcome(), chosen, 0);
    expect(pacing.putOff(outcome(), 99)).toBeCloseTo(1.001);
    turn.due = 100.000_5;
    expect(pacing.putOff(outcome(), 100)).toBe(0);
  });

  test('takes no place in a line for what is left of a pause by rounding', () => {
    const pace = jest.fn(() => ({ due: 200, leave: () => undefined }));
    const left = jest.fn(() => 0.000_5);
    const pacing = pacingOf({ idle: false, scopeOf: () => 'scope', pace, left });
    expect(pacing.putOff(outcome(), 100)).toBe(0);
    expect(pace).not.toHaveBeenCalled();
    left.mockReturnValue(5);
    expect(pacing.putOff(outcome(), 100)).toBe(100);
    expect(pace.mock.calls).toEqual([['scope', 100, 100]]);
  });
});
