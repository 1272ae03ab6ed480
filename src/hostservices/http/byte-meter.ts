import { HairspringError } from '../../core/index.ts';
import { HTTP_LIMITS } from './limits.ts';

/** What all HTTP requests of a cell hold together. */
export class CellMeter {
  #requests = 0;
  #bytes = 0;

  get requests(): number {
    return this.#requests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws HS_HTTP_LIMIT */
  begin(): ByteMeter {
    if (this.#requests >= HTTP_LIMITS.requestsPerCell) throw full(`${HTTP_LIMITS.requestsPerCell} requests`);
    this.#requests += 1;
    return new ByteMeter(
      (bytes) => {
        if (bytes > 0 && this.#bytes + bytes > HTTP_LIMITS.bufferedBytesPerCell)
          throw full(`${HTTP_LIMITS.bufferedBytesPerCell} bytes of bodies`);
        this.#bytes += bytes;
      },
      (bytes) => {
        this.#requests -= 1;
        this.#bytes -= bytes;
      },
    );
  }
}

/** What one request holds, given back when it ends. */
export class ByteMeter {
  readonly #take: (bytes: number) => void;
  readonly #end: (bytes: number) => void;
  #held = 0;
  #ended = false;

  constructor(take: (bytes: number) => void, end: (bytes: number) => void) {
    this.#take = take;
    this.#end = end;
  }

  /** @throws HS_HTTP_LIMIT when the cell holds too much already */
  add(bytes: number): void {
    if (this.#ended) return;
    this.#take(bytes);
    this.#held += bytes;
  }

  /** Gives back what was added. */
  give(bytes: number): void {
    if (this.#ended) return;
    this.#take(-bytes);
    this.#held -= bytes;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end(this.#held);
  }
}

function full(what: string): HairspringError {
  return new HairspringError('HS_HTTP_LIMIT', `Cannot fetch: the cell has ${what} under way already`);
}
