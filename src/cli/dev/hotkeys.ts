/** What a key does. */
export interface Hotkey {
  readonly key: string;
  readonly text: string;
  readonly action: () => void;
}

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

/** What is needed of stdin. */
export interface KeyInput {
  readonly isTTY?: boolean;
  setRawMode(enabled: boolean): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  off(event: 'data', listener: (chunk: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** Listens for single keys where `stdin` is a terminal, and nowhere else. Disposing gives the terminal back. */
export function listenForKeys(
  keys: readonly Hotkey[],
  onInterrupt: () => void,
  stdin: KeyInput = process.stdin,
): Disposable {
  if (stdin.isTTY !== true) return { [Symbol.dispose]: () => undefined };
  const onData = (chunk: Buffer): void => {
    for (const key of chunk.toString()) {
      if (key === CTRL_C || key === CTRL_D) onInterrupt();
      keys.find((each) => each.key === key.toLowerCase())?.action();
    }
  };
  stdin.setRawMode(true);
  stdin.on('data', onData);
  stdin.resume();
  return {
    [Symbol.dispose]() {
      stdin.off('data', onData);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
