/** A response on its way from a component. */
import type { Variant } from '../../codec.ts';
import { type OutputStream, ReplyStream } from '../stream-objects.ts';
import type { Fields } from './fields.ts';

export class OutgoingResponse {
  readonly #fields: Fields;
  #body: OutgoingBody | undefined;
  status = 200;

  constructor(fields: Fields) {
    this.#fields = fields;
  }

  get headers(): Fields {
    return this.#fields.view;
  }

  /** The body that was asked for, if it was. */
  get body(): OutgoingBody | undefined {
    return this.#body;
  }

  /** The body, once. */
  takeBody(): OutgoingBody | undefined {
    if (this.#body !== undefined) return undefined;
    this.#body = new OutgoingBody();
    return this.#body;
  }
}

export class OutgoingBody {
  readonly #stream = new BodyStream();
  readonly #finished = Promise.withResolvers<void>();
  #isTaken = false;
  isFinished = false;

  /** Rejects when it is given up. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** Its stream, once. */
  takeStream(): OutputStream | undefined {
    if (this.#isTaken) return undefined;
    this.#isTaken = true;
    return this.#stream;
  }

  finish(): void {
    this.isFinished = true;
    this.#stream.isClosed = true;
    this.#finished.resolve();
  }

  dropped(): void {
    if (this.isFinished) return;
    // Perhaps nobody waits for it.
    this.#finished.promise.catch(() => undefined);
    this.#finished.reject(new Error('The body was given up before it was finished'));
  }

  bytes(): Uint8Array {
    return this.#stream.bytes();
  }
}

class BodyStream extends ReplyStream {
  isClosed = false;
}

/** Where a component says what it answers, once. */
export class ResponseOutparam {
  /** A `result` of a response and an error code; undefined until it is said. */
  answer: Variant | undefined;
}
