import { EXIT } from './exit-codes.ts';

/** The wish to stop. Disposing gives the signals back to Node. */
export interface Interrupt extends Disposable {
  /** Resolves when somebody first asks, with the reason. */
  readonly requested: Promise<string>;
  /** From now on there is something to be finished first; until then a signal ends the process at once. */
  arm(): void;
  request(reason: string): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Listens for signals: once armed the first one asks to stop, the second one ends the process at once. */
export function createInterrupt(): Interrupt {
  const { promise, resolve } = Promise.withResolvers<string>();
  let armed = false;
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked || !armed) process.exit(EXIT.interrupted);
    asked = true;
    resolve(signal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    requested: promise,
    arm() {
      armed = true;
    },
    request(reason) {
      asked = true;
      resolve(reason);
    },
    [Symbol.dispose]() {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
