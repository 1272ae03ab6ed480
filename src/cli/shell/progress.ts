import type { Output } from './output.ts';

/** One line that tells what goes on, where somebody watches. Disposing removes it. */
export interface Progress extends Disposable {
  show(text: string): void;
}

/** What is needed of stderr. */
export interface ProgressTerminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const CLEAR_LINE = '\r\u001b[2K';
const COLUMNS = 80;

/** The line is on stderr; there is none with `--json`, and none where stderr is no terminal. */
export function createProgress(
  { json, paint }: Pick<Output, 'json' | 'paint'>,
  terminal: ProgressTerminal = process.stderr,
): Progress {
  if (json || terminal.isTTY !== true) return { show: () => undefined, [Symbol.dispose]: () => undefined };
  let shown = false;
  return {
    show(text) {
      shown = true;
      const width = (terminal.columns ?? COLUMNS) - 1;
      terminal.write(CLEAR_LINE + paint.dim(text.slice(0, width)));
    },
    [Symbol.dispose]() {
      if (shown) terminal.write(CLEAR_LINE);
      shown = false;
    },
  };
}
