import { Buffer } from 'node:buffer';
import { Socket } from 'node:net';

/** Memory for the reads of a socket, into each buffer in turn. */
export interface ReadWindows {
  readonly buffers: readonly [Uint8Array, Uint8Array];
  /** What they hold where nothing was read into. */
  readonly fill: Uint8Array;
}

/** Is told of every chunk before anybody else. */
export interface ReadWitness {
  /** @param window the one that the chunk was read into, if it was */
  inbound(chunk: Uint8Array, window?: 0 | 1): void;
}

/** Sockets whose bytes the kernel writes straight into two windows. */
export class WindowReader {
  readonly #windows: ReadWindows;
  readonly #witness: ReadWitness;
  #next: 0 | 1 = 0;

  constructor(windows: ReadWindows, witness: ReadWitness) {
    this.#windows = windows;
    this.#witness = witness;
  }

  /** The connection of `socket`, of which nothing has been read yet, as a socket that reads into the windows. */
  read(socket: Socket): Socket {
    const inner = socket as unknown as { _handle: unknown };
    const handle = inner._handle;
    // From here on the connection is the new socket's alone.
    inner._handle = null;
    const reading = new Socket({
      handle,
      onread: {
        buffer: () => this.#windows.buffers[this.#next],
        callback: (bytes: number, window: Uint8Array): boolean => {
          this.#onRead(reading, window.subarray(0, bytes));
          return true;
        },
      },
      // Node's own type leaves out the handle.
    } as object);
    return reading;
  }

  #onRead(socket: Socket, read: Uint8Array): void {
    const chunk = Buffer.from(read);
    const window = this.#next;
    this.#witness.inbound(chunk, window);
    this.#next = window === 0 ? 1 : 0;
    read.set(this.#windows.fill.subarray(0, read.length));
    socket.emit('data', chunk);
  }
}
