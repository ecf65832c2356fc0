/** Lets one through at a time, the others in their order. */
export interface Mutex {
  take(): Promise<void>;
  give(): void;
  readonly isTaken: () => boolean;
  /** How many have had it so far. */
  readonly turns: () => number;
}

export function createMutex(): Mutex {
  const waiting: (() => void)[] = [];
  let isTaken = false;
  let turns = 0;
  return {
    take() {
      return new Promise((resolve) => {
        const enter = (): void => {
          isTaken = true;
          turns += 1;
          resolve();
        };
        if (isTaken) waiting.push(enter);
        else enter();
      });
    },
    give() {
      isTaken = false;
      waiting.shift()?.();
    },
    isTaken: () => isTaken,
    turns: () => turns,
  };
}
