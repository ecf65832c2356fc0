/** An error of the user's own function, with the failure during which it was thrown as its cause, unless it has one. */
export function withCause(thrown: unknown, failure: unknown): unknown {
  if (thrown instanceof Error && thrown !== failure && !('cause' in thrown)) {
    Reflect.defineProperty(thrown, 'cause', { value: failure, writable: true, configurable: true });
  }
  return thrown;
}
