import { systemClock } from '../../core/index.ts';

/** Characters that wait for a reader; what comes beyond them is lost. */
const MAX_UNREAD = 1_048_576;
/** Once something is lost, the rest is lost until no more than this waits: it is told of once, and not of each line. */
const RESUME_AT = MAX_UNREAD / 2;
/** How long what is unread keeps a process that is at its end. */
const UNREAD_GRACE_MS = 2_000;
const POLL_MS = 20;

/** What is needed of stdout and stderr. */
export interface LineStream {
  readonly writableLength: number;
  write(text: string): unknown;
}

/** Writes lines for a reader that may have stopped reading: what comes when too much waits is lost, and that is told. */
export class LossyLines {
  readonly #stream: LineStream;
  readonly #describeLoss: (lines: number) => string;
  #lost = 0;

  constructor(stream: LineStream, describeLoss: (lines: number) => string) {
    this.#stream = stream;
    this.#describeLoss = describeLoss;
  }

  /** @param text one line, or several that are lost together */
  write(text: string): void {
    const unread = this.#stream.writableLength;
    const room = (this.#lost === 0 ? MAX_UNREAD : RESUME_AT) - unread;
    // What is larger than all of that is written when nothing else waits.
    if (unread > 0 && text.length > room) {
      this.#lost += text.split('\n').length;
      return;
    }
    const loss = this.#lost === 0 ? '' : `${this.#describeLoss(this.#lost)}\n`;
    this.#lost = 0;
    this.#stream.write(`${loss}${text}\n`);
  }
}

/** Node waits for a terminal at each write, and one that was stopped with Ctrl-S would stop the process, too. */
export function neverWaitFor(stream: NodeJS.WriteStream): void {
  if (!stream.isTTY) return;
  const handle: unknown = Reflect.get(stream, '_handle');
  if (typeof handle !== 'object' || handle === null || !('setBlocking' in handle)) return;
  if (typeof handle.setBlocking === 'function') handle.setBlocking(false);
}

/** Resolves when everything is read, or is not for too long. @returns whether it is */
export async function untilRead(streams: readonly NodeJS.WriteStream[]): Promise<boolean> {
  const untilMs = performance.now() + UNREAD_GRACE_MS;
  const isRead = (): boolean =>
    streams.every(({ writableLength, destroyed, errored }) => writableLength === 0 || destroyed || errored);
  while (!isRead()) {
    if (performance.now() > untilMs) return false;
    await systemClock.sleep(POLL_MS);
  }
  return true;
}
