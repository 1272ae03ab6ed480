/** What the bench says while it measures. */
export interface Progress {
  /** What goes on now: on a terminal the one line that changes, elsewhere a line of its own. */
  update(text: string): void;
  /** What is done, and stays. */
  done(text: string): void;
}

export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const CLEAR_LINE = '\r\u001B[2K';
const NARROW = 80;

/** Writes to stderr, so that stdout has the results and nothing else. */
export function createProgress(
  stream: ProgressStream = process.stderr,
  now: () => number = () => performance.now(),
): Progress {
  const startMs = now();
  const line = (text: string): string => `${((now() - startMs) / 1_000).toFixed(1).padStart(6)} s  ${text}`;
  if (stream.isTTY !== true) {
    const write = (text: string): void => void stream.write(`${line(text)}\n`);
    return { update: write, done: write };
  }
  return {
    update(text) {
      // A line that wraps cannot be taken back. Some terminals say that they have no columns.
      const room = (stream.columns || NARROW) - 1;
      const whole = line(text);
      stream.write(CLEAR_LINE + (whole.length > room ? `${whole.slice(0, room - 1)}…` : whole));
    },
    done: (text) => void stream.write(`${CLEAR_LINE}${line(text)}\n`),
  };
}
