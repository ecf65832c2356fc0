import { type AxiosResponse, CanceledError } from 'axios';
import { onAlarm } from '../runtime/clock.ts';
import type { Clock } from '../types.ts';
import { wrapped } from './adapter.ts';
import { releaseBody, throwIfFailed } from './body.ts';
import { throwIfCanceled } from './cancellation.ts';
import { restoreAdapter } from './deadline.ts';
import type { Config } from './snapshot.ts';

const nothing = (): void => undefined;

/** An attempt on its way, as far as it concerns whether it may still be cut off. */
export class Flight {
  /** Inside interceptors run before the adapter and after it. */
  phase: 'before' | 'adapter' | 'after' = 'before';
  /** Nobody waits for it any more: it must not be sent, and nobody reads its response. */
  isCut = false;
  /** Its outcome is known. */
  isLanded = false;
  #onReturn = nothing;
  #callOff = nothing;

  /** @param previous the response of the attempt before, which is let go when this one is sent: until then it may be handed out */
  constructor(private readonly previous: AxiosResponse | undefined) {}

  /** Whether the attempt came to the adapter. */
  get isSent(): boolean {
    return this.phase !== 'before';
  }

  /** The adapter sends it now. */
  depart(): void {
    this.phase = 'adapter';
    this.#release();
  }

  /** The adapter is done with it. */
  comeBack(): void {
    this.phase = 'after';
    this.#onReturn();
  }

  /** Calls back if the inside still holds it when the adapter is done and promises that are ready have gone on. */
  onHang(alarm: Required<Clock>['alarm'], callback: () => void): void {
    this.#onReturn = () => {
      this.#callOff = onAlarm(alarm, 0, callback);
    };
  }

  /** The inside is done with it, too. */
  land(): void {
    this.isLanded = true;
    this.#callOff();
    this.#release();
  }

  /** Whatever comes of it, nobody is given the response before any more. */
  #release(): void {
    if (!this.isCut) releaseBody(this.previous);
  }
}

/** Puts a gate around the adapter of an attempt: it tells how far the flight has come, and stops one that must not be sent. */
export function gate(config: Config, flight: Flight, ended: AbortSignal): void {
  const { adapter } = config;
  config.adapter = wrapped(adapter, async (sent) => {
    const send = restoreAdapter(sent, adapter);
    throwIfCanceled(sent);
    throwIfFailed(sent.data);
    if (flight.isCut || ended.aborted) throw new CanceledError(undefined, sent);
    flight.depart();
    try {
      return await send(sent);
    } finally {
      flight.comeBack();
    }
  });
}
