import type { ClientRequest } from 'node:http';
import { HairspringError } from '../../core/index.ts';
import type { ByteMeter } from './byte-meter.ts';
import { HTTP_LIMITS } from './limits.ts';

/** The body of a request, which the function sends piece by piece, each when the one before it has gone out. */
export class Upload {
  readonly #meter: ByteMeter;
  /** Resolves when there is a connection to write to, or none is wanted any more. */
  readonly #attached = Promise.withResolvers<ClientRequest | undefined>();
  readonly #over = Promise.withResolvers<void>();
  #state: 'open' | 'finished' | 'over' = 'open';
  #isWriting = false;

  constructor(meter: ByteMeter) {
    this.#meter = meter;
  }

  /** Whether more may come. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** The request that it goes out on. */
  attach(outgoing: ClientRequest): void {
    outgoing.flushHeaders();
    outgoing.once('close', () => this.end());
    outgoing.once('socket', (socket) => {
      const ready = (): void => this.#attached.resolve(outgoing);
      if (socket.connecting) socket.once('connect', ready);
      else ready();
    });
  }

  /**
   * Sends a piece, or only waits for the connection when it is empty.
   * @returns whether more is wanted, once it has gone out
   * @throws HS_HOST_CALL_INVALID, HS_HTTP_TOO_LARGE, HS_HTTP_LIMIT
   */
  async write(piece: string | Uint8Array): Promise<boolean> {
    this.#check('write');
    const bytes = Buffer.byteLength(piece);
    if (bytes > HTTP_LIMITS.pieceBytes)
      throw new HairspringError(
        'HS_HTTP_TOO_LARGE',
        `Cannot write a piece of ${bytes} bytes: it is over the limit of ${HTTP_LIMITS.pieceBytes} bytes`,
      );
    this.#meter.add(bytes);
    this.#isWriting = true;
    try {
      const outgoing = await this.#attached.promise;
      if (bytes > 0 && this.isOpen && outgoing !== undefined) {
        const sent = new Promise<void>((resolve) => outgoing.write(piece, () => resolve()));
        await Promise.race([sent, this.#over.promise]);
      }
      return this.isOpen;
    } finally {
      this.#isWriting = false;
      this.#meter.give(bytes);
    }
  }

  /** The last piece was written. @throws HS_HOST_CALL_INVALID */
  finish(): void {
    this.#check('finish');
    if (this.#state === 'over') return;
    this.#state = 'finished';
    void this.#attached.promise.then((outgoing) => outgoing?.end());
  }

  /** Nobody takes any more of it. */
  end(): void {
    if (this.#state === 'open') this.#state = 'over';
    this.#attached.resolve(undefined);
    this.#over.resolve();
  }

  #check(op: string): void {
    if (this.#state !== 'finished' && !this.#isWriting) return;
    const reason = this.#isWriting ? 'a piece of it is being sent' : 'it is finished';
    throw new HairspringError('HS_HOST_CALL_INVALID', `Cannot ${op} a body: ${reason}`);
  }
}
