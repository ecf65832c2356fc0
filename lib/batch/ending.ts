/** Why a batch ends before every item is done with. Only an abort does not wait for what is in flight. */
export interface End {
  readonly kind: 'abort' | 'patience' | 'fault';
  readonly error: unknown;
}

/** Whether, and why, a batch ends early. The first reason counts. */
export class Ending {
  readonly #controller = new AbortController();
  #end: End | undefined = undefined;

  get end(): End | undefined {
    return this.#end;
  }

  /** Is aborted when the batch ends early, which ends every wait. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  endFor(kind: End['kind'], error: unknown): void {
    this.#end ??= { kind, error };
    this.#controller.abort();
  }
}
