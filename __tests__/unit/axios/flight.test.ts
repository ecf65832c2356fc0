import { type AxiosAdapter, CanceledError } from 'axios';
import { unwrapped } from '../../../lib/axios/adapter.ts';
import { Flight, gate } from '../../../lib/axios/flight.ts';
import type { Config } from '../../../lib/axios/snapshot.ts';
import { caught } from '../../helpers/caught.ts';
import { createEventClock } from '../../helpers/event-clock.ts';

/** A response whose body is a stream that nobody reads. */
function streaming() {
  const destroy = jest.fn();
  return { destroy, response: { data: { pipe: () => undefined, destroy } } as never };
}

const answer = { status: 200 } as never;

/** Sends an attempt through the gate; the adapter notes how far the flight is. */
function send(flight: Flight, ended = new AbortController().signal, given: object = {}) {
  const phases: string[] = [];
  const adapter: AxiosAdapter = () => {
    phases.push(flight.phase);
    return Promise.resolve(answer);
  };
  const config = { url: '/', headers: {}, adapter, ...given } as unknown as Config;
  gate(config, flight, ended);
  expect(unwrapped(config.adapter)).toBe(adapter);
  return { phases, config, sending: Promise.resolve((config.adapter as AxiosAdapter)(config)) };
}

test('a flight is before the adapter, in it, and after it', async () => {
  const flight = new Flight(undefined);
  expect([flight.phase, flight.isSent, flight.isCut, flight.isLanded]).toEqual([
    'before',
    false,
    false,
    false,
  ]);
  const { phases, sending } = send(flight);
  expect(await sending).toBe(answer);
  expect(phases).toEqual(['adapter']);
  expect([flight.phase, flight.isSent]).toEqual(['after', true]);
  flight.land();
  expect(flight.isLanded).toBe(true);
});

test('a flight is after the adapter when that failed, too', async () => {
  const flight = new Flight(undefined);
  const error = new Error('reset');
  const config = { url: '/', headers: {}, adapter: () => Promise.reject(error) } as unknown as Config;
  gate(config, flight, new AbortController().signal);
  expect(await caught((config.adapter as AxiosAdapter)(config))).toBe(error);
  expect(flight.phase).toBe('after');
});

describe('an attempt is not sent', () => {
  test('when it was cut off', async () => {
    const flight = new Flight(undefined);
    flight.isCut = true;
    const { phases, config, sending } = send(flight);
    expect(await caught(sending)).toMatchObject({ code: 'ERR_CANCELED', config });
    expect([phases, flight.phase]).toEqual([[], 'before']);
  });

  test('when there are no further attempts', async () => {
    const { phases, sending } = send(new Flight(undefined), AbortSignal.abort());
    expect(await caught(sending)).toBeInstanceOf(CanceledError);
    expect(phases).toEqual([]);
  });

  test('when the request is cancelled', async () => {
    const reason = new Error('enough');
    const { phases, sending } = send(new Flight(undefined), undefined, { signal: AbortSignal.abort(reason) });
    expect(await caught(sending)).toMatchObject({ code: 'ERR_CANCELED', cause: reason });
    expect(phases).toEqual([]);
  });
});

describe('the response before is let go', () => {
  test('when the attempt is sent', () => {
    const { response, destroy } = streaming();
    const flight = new Flight(response);
    expect(destroy).not.toHaveBeenCalled();
    flight.depart();
    expect(destroy).toHaveBeenCalled();
  });

  test('when the outcome is known without it', () => {
    const { response, destroy } = streaming();
    new Flight(response).land();
    expect(destroy).toHaveBeenCalled();
  });

  test('but not when the attempt was cut off, for then it is handed out', () => {
    const { response, destroy } = streaming();
    const flight = new Flight(response);
    flight.isCut = true;
    flight.depart();
    flight.land();
    expect(destroy).not.toHaveBeenCalled();
  });
});

describe('an inside that hangs', () => {
  test('is told of once the adapter is done and all that is ready has gone on', async () => {
    const clock = createEventClock();
    const flight = new Flight(undefined);
    const hangs = jest.fn();
    flight.onHang(clock.alarm, hangs);
    await clock.run();
    expect(hangs).not.toHaveBeenCalled();
    flight.comeBack();
    expect(hangs).not.toHaveBeenCalled();
    await clock.run();
    expect(hangs).toHaveBeenCalledTimes(1);
  });

  test('is not one that lets go', async () => {
    const clock = createEventClock();
    const flight = new Flight(undefined);
    const hangs = jest.fn();
    flight.onHang(clock.alarm, hangs);
    flight.comeBack();
    flight.land();
    await clock.run();
    expect(hangs).not.toHaveBeenCalled();
  });
});
