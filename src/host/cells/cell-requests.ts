import {
  HairspringError,
  type HostToCell,
  HTTP_MESSAGE_BYTES,
  type HttpAnswer,
  type HttpAnswerRecord,
  type HttpAsk,
  type HttpAskRecord,
  IdTable,
  type PendingAnswer,
} from '../../core/index.ts';

/** Longer bodies are cheaper as bytes, which the channel copies by a call of its own. */
const MAX_TEXT_BYTES = 4_096;

export interface AskedRequest extends PendingAnswer {
  /** Its number in the cell. */
  readonly requestId: number;
}

/**
 * The HTTP requests that one cell has in hand. A message on the channel costs a system call and a wake of the other
 * process, so those of one turn of the event loop go together.
 */
export class CellRequests {
  readonly #send: (message: HostToCell) => void;
  readonly #open = new IdTable<PromiseWithResolvers<HttpAnswer>>();
  #asks: HttpAskRecord[] = [];
  #abandoned: number[] = [];
  /** Of the bodies that are not sent yet. */
  #bytes = 0;
  #lastId = 0;
  #isPlanned = false;

  constructor(send: (message: HostToCell) => void) {
    this.#send = send;
  }

  ask({ id, route, method, url, headers, body }: HttpAsk): AskedRequest {
    this.#lastId += 1;
    const requestId = this.#lastId;
    const settle = Promise.withResolvers<HttpAnswer>();
    this.#open.set(requestId, settle);
    this.#asks.push([requestId, id, route, method, url, headers.flat(), toText(body)]);
    this.#bytes += body.length;
    if (this.#bytes > HTTP_MESSAGE_BYTES) this.flush();
    else this.#plan();
    return {
      requestId,
      answer: settle.promise,
      abandon: () => {
        if (!this.#open.has(requestId)) return;
        this.#abandoned.push(requestId);
        this.#plan();
      },
    };
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      this.flush();
    });
  }

  /** Sends what waits for the end of the turn. */
  flush(): void {
    const asks = this.#asks;
    const abandoned = this.#abandoned;
    if (asks.length === 0 && abandoned.length === 0) return;
    this.#asks = [];
    this.#abandoned = [];
    this.#bytes = 0;
    this.#send({ type: 'requests', asks, abandoned });
  }

  answered(answers: readonly HttpAnswerRecord[]): void {
    for (const answer of answers) {
      const [requestId] = answer;
      const settle = this.#open.get(requestId);
      this.#open.delete(requestId);
      if (answer.length === 2) settle?.reject(HairspringError.fromWire(answer[1]));
      else settle?.resolve({ status: answer[1], headers: answer[2], body: answer[3] });
    }
  }

  /** Rejects all that is in hand. */
  fail(error: HairspringError): void {
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
  }
}

function toText(body: Uint8Array): string | Uint8Array {
  if (body.length > MAX_TEXT_BYTES) return body;
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
}
