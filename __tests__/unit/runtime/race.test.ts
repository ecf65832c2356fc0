import { race } from '../../../lib/runtime/race.ts';
import { createEventClock } from '../../helpers/event-clock.ts';

/** A promise that is settled from outside. */
function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

/** A race that ends in 100 ms or with one of two signals. */
function limited(left = 100) {
  const clock = createEventClock();
  const alarm = jest.spyOn(clock, 'alarm');
  const [other, controller] = [new AbortController(), new AbortController()];
  const sources = [other.signal, controller.signal];
  return { clock, alarm, other, controller, limits: { sources, left, clock } };
}

const interrupted = (_: boolean, end: (answer: unknown) => void) => end('interrupted');

test.each([undefined, null, 7, 'text', {}])('what is no promise is the answer: %p', async (answer) => {
  const { limits, alarm } = limited();
  expect(await race(answer, limits, interrupted)).toBe(answer);
  expect(alarm).not.toHaveBeenCalled();
});

test('what a promise answers in time is the answer, and nothing is left behind', async () => {
  const { limits, alarm, controller } = limited();
  const interrupt = jest.fn(interrupted);
  const { promise, resolve } = deferred();
  const answer = race(promise, limits, interrupt);
  resolve('answer');
  expect(await answer).toBe('answer');
  expect(alarm.mock.calls[0]?.[0]).toBe(100);
  expect(alarm.mock.calls[0]?.[1]?.aborted).toBe(true);
  controller.abort();
  expect(interrupt).not.toHaveBeenCalled();
});

test('what a promise rejects with is thrown, and nothing is left behind', async () => {
  const { limits, alarm } = limited();
  const { promise, reject } = deferred();
  const answer = race(promise, limits, interrupted);
  reject('reason');
  await expect(answer).rejects.toBe('reason');
  expect(alarm.mock.calls[0]?.[1]?.aborted).toBe(true);
});

test('a signal ends the wait, also when it has aborted before', async () => {
  const { limits, controller } = limited();
  const answer = race(deferred().promise, limits, interrupted);
  controller.abort();
  expect(await answer).toBe('interrupted');
  expect(await race(deferred().promise, limits, interrupted)).toBe('interrupted');
});

test.each([
  [100, 100],
  [0, 0],
  [-5, 0],
])('with %d ms left the wait ends after %d ms', async (left, end) => {
  const { limits, clock } = limited(left);
  const answer = race(deferred().promise, limits, (isTimeUp, end) => end([isTimeUp, clock.now()]));
  await clock.run();
  expect(await answer).toEqual([true, end]);
});

test('without an end there is no alarm', async () => {
  const { limits, alarm } = limited(Infinity);
  expect(await race(Promise.resolve('answer'), limits, interrupted)).toBe('answer');
  expect(alarm).not.toHaveBeenCalled();
});

test('an interruption that does not end the wait leaves it to the promise', async () => {
  const { limits, clock, controller, other } = limited();
  const { promise, resolve } = deferred();
  const interrupt = jest.fn<void, [boolean]>();
  const answer = race(promise, limits, interrupt);
  other.abort();
  controller.abort();
  await clock.run();
  expect(interrupt.mock.calls.map(([isTimeUp]) => isTimeUp)).toEqual([false, false, true]);
  resolve('late');
  expect(await answer).toBe('late');
});
