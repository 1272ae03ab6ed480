import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { type Clock, HairspringError } from '../../core/index.ts';
import type { ByteMeter } from './byte-meter.ts';
import { decodersOf, decodeWith } from './decode.ts';
import { showUrl } from './grant.ts';
import { toBodyError } from './http-errors.ts';
import { HTTP_LIMITS } from './limits.ts';

export interface ResponseBodyOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly meter: ByteMeter;
  /** What is known to be wrong with the answer. */
  readonly malformed: () => unknown;
}

/**
 * The body of an answer, decoded. The connection is not read further than its streams have room, so that a server is
 * as slow as whoever reads.
 */
export class ResponseBody {
  readonly #response: IncomingMessage;
  readonly #url: URL;
  readonly #options: ResponseBodyOptions;
  readonly #chunks: AsyncIterator<Buffer>;
  /** Read to see whether it is all, and not handed out. */
  readonly #collected: Buffer[] = [];
  /** Asked for to see whether it is all. */
  #ahead: Promise<IteratorResult<Buffer>> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #received = 0;
  #isReadWhole = false;
  #failure: unknown;

  /** @throws HS_HTTP_TOO_LARGE when it is encoded too often */
  constructor(response: IncomingMessage, url: URL, options: ResponseBodyOptions) {
    this.#response = response;
    this.#url = url;
    this.#options = options;
    this.#chunks = this.#decoded()[Symbol.asyncIterator]();
  }

  /**
   * The whole body, when it is small and comes with the headers or soon after. Failures are told to whoever reads
   * what is left.
   */
  async collect(): Promise<Buffer | undefined> {
    if (this.#announced > HTTP_LIMITS.besideBytes) return undefined;
    const { clock } = this.#options;
    const late = Promise.withResolvers<undefined>();
    const stopTimer = clock.after(HTTP_LIMITS.besideMs, () => late.resolve(undefined));
    try {
      for (let bytes = 0; bytes <= HTTP_LIMITS.besideBytes; ) {
        this.#ahead ??= this.#pull();
        const found = await Promise.race([this.#ahead, late.promise]);
        if (found === undefined) return undefined;
        this.#ahead = undefined;
        if (found.done === true) return concat(this.#collected);
        this.#collected.push(found.value);
        bytes += found.value.length;
      }
    } catch (error) {
      this.#failure ??= error;
    } finally {
      stopTimer();
    }
    return undefined;
  }

  /** What comes next, or undefined at the end. */
  next(): Promise<Buffer | undefined> {
    return this.#inTurn(() => this.#take());
  }

  /**
   * All that is left, in one piece.
   * @throws HS_HTTP_TOO_LARGE
   */
  rest(): Promise<Buffer> {
    return this.#inTurn(async () => {
      this.#isReadWhole = true;
      if (this.#announced > HTTP_LIMITS.responseBytes) throw this.#tooLarge();
      const chunks: Buffer[] = [];
      let bytes = 0;
      for (;;) {
        const chunk = await this.#take();
        if (chunk === undefined) return concat(chunks);
        bytes += chunk.length;
        if (bytes > HTTP_LIMITS.responseBytes) throw this.#tooLarge();
        this.#options.meter.add(chunk.length);
        chunks.push(chunk);
      }
    });
  }

  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(action);
    this.#turn = done.catch((error: unknown) => {
      this.#failure ??= error;
    });
    return done;
  }

  async #take(): Promise<Buffer | undefined> {
    const collected = this.#collected.shift();
    if (collected !== undefined) return collected;
    const found = await (this.#ahead ?? this.#pull());
    this.#ahead = undefined;
    return found.done === true ? undefined : found.value;
  }

  #pull(): Promise<IteratorResult<Buffer>> {
    const pulled = this.#failure === undefined ? this.#chunks.next() : Promise.reject(this.#failure);
    const told = pulled.catch((error: unknown): IteratorResult<Buffer> => {
      if (this.#failure === undefined && this.#isEmpty) return { done: true, value: undefined };
      const { signal, malformed } = this.#options;
      throw signal.aborted ? signal.reason : toBodyError(malformed() ?? error, this.#url);
    });
    // Whoever never asks for it is not told of its failure.
    told.catch(() => undefined);
    return told;
  }

  #decoded(): Readable {
    const encodings = decodersOf(this.#response.headers['content-encoding']);
    if (encodings.length === 0) return this.#response;
    if (encodings.length > HTTP_LIMITS.contentEncodings) throw this.#tooLarge();
    // Ends a response that sends much and decodes to little.
    this.#response.on('data', (chunk: Buffer) => {
      this.#received += chunk.length;
      if (this.#isReadWhole && this.#received > HTTP_LIMITS.responseBytes)
        this.#response.destroy(this.#tooLarge());
    });
    return decodeWith(this.#response, encodings);
  }

  /** It is said to be encoded, and nothing was sent: to a decoder that is a body without its beginning. */
  get #isEmpty(): boolean {
    const { complete, headers } = this.#response;
    return complete && this.#received === 0 && decodersOf(headers['content-encoding']).length > 0;
  }

  get #announced(): number {
    return Number(this.#response.headers['content-length'] ?? 0);
  }

  #tooLarge(): HairspringError {
    return new HairspringError(
      'HS_HTTP_TOO_LARGE',
      `Cannot read the body of ${showUrl(this.#url)} as a whole: as sent or decoded it is over the limit of ${HTTP_LIMITS.responseBytes} bytes`,
      { hint: 'Read response.body, which is a stream' },
    );
  }
}

function concat(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
}
