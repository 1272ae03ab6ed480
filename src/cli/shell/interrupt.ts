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

/**
 * Signals that come together are one wish: `timeout`, and systemd when it stops a service, send each to the launcher,
 * which passes it on, and to this process itself.
 */
const TOGETHER_MS = 500;

/** Listens for signals: once armed the first one asks to stop, a later one ends the process at once. */
export function createInterrupt(): Interrupt {
  const { promise, resolve } = Promise.withResolvers<string>();
  let armed = false;
  let asked = false;
  let signalledMs = Number.NEGATIVE_INFINITY;
  const onSignal = (signal: NodeJS.Signals): void => {
    const nowMs = performance.now();
    if (nowMs - signalledMs < TOGETHER_MS) return;
    if (asked || !armed) process.exit(EXIT.interrupted);
    asked = true;
    signalledMs = nowMs;
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
