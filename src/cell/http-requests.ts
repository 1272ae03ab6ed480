import {
  HairspringError,
  HTTP_MESSAGE_BYTES,
  type HttpAnswer,
  type HttpAnswerRecord,
  type HttpAskRecord,
  IdTable,
  type Invocation,
} from '../core/index.ts';
import type { FunctionRunner } from '../runtime/index.ts';
import { HttpInvocation, refuseSize } from '../triggers/index.ts';

/** The functions that requests are for. */
export interface RequestedFunctions {
  /** @throws HS_FUNCTION_NOT_FOUND */
  present(id: string): { readonly runner: Pick<FunctionRunner, 'spec' | 'accept'> };
  abandon(id: string, invocation: Invocation): void;
}

/**
 * HTTP requests that the gateway has handed to this cell and that are not answered yet. The answers of one turn of
 * the event loop go back together.
 */
export class HttpRequests {
  readonly #functions: RequestedFunctions;
  readonly #send: (answers: readonly HttpAnswerRecord[]) => void;
  readonly #onCome: (requestId: number) => void;
  readonly #open = new IdTable<{ readonly id: string; readonly invocation: HttpInvocation }>();
  #answers: HttpAnswerRecord[] = [];
  /** Of their bodies. */
  #bytes = 0;
  #isPlanned = false;

  /** @param onCome told of each request before anything is done about it; their numbers only rise */
  constructor(
    functions: RequestedFunctions,
    send: (answers: readonly HttpAnswerRecord[]) => void,
    onCome: (requestId: number) => void,
  ) {
    this.#functions = functions;
    this.#send = send;
    this.#onCome = onCome;
  }

  serve(record: HttpAskRecord): void {
    const [requestId] = record;
    this.#onCome(requestId);
    try {
      this.#accept(record);
    } catch (error) {
      this.#answer(requestId, HairspringError.from(error));
    }
  }

  /** @throws HS_FUNCTION_NOT_FOUND, HS_GATEWAY_NO_ROUTE, and why the request is too large */
  #accept([requestId, id, route, method, url, fields, given]: HttpAskRecord): void {
    const { runner } = this.#functions.present(id);
    const headers: [string, string][] = [];
    let headerBytes = 0;
    for (let at = 0; at + 1 < fields.length; at += 2) {
      const [name = '', value = ''] = [fields[at], fields[at + 1]];
      headerBytes += name.length + value.length;
      headers.push([name, value]);
    }
    const body = typeof given === 'string' ? Buffer.from(given, 'latin1') : given;
    const refusal = refuseSize(runner.spec, headerBytes, body.length);
    if (refusal !== undefined) throw refusal;
    const ask = { id, route, method, url, headers, body };
    const invocation = new HttpInvocation(requestId, ask, runner.spec, (answer) =>
      this.#answer(requestId, answer),
    );
    this.#open.set(requestId, { id, invocation });
    runner.accept(invocation);
  }

  #answer(requestId: number, answer: HttpAnswer | HairspringError): void {
    this.#open.delete(requestId);
    if (HairspringError.is(answer)) this.#answers.push([requestId, answer.toWire()]);
    else {
      this.#answers.push([requestId, answer.status, answer.headers, answer.body]);
      this.#bytes += answer.body.length;
    }
    if (this.#bytes > HTTP_MESSAGE_BYTES) this.#flush();
    else this.#plan();
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    process.nextTick(() => {
      this.#isPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    const answers = this.#answers;
    if (answers.length === 0) return;
    this.#answers = [];
    this.#bytes = 0;
    this.#send(answers);
  }

  /** Nobody waits for the answer any more: the invocation is cancelled, as its signal tells it. */
  abandon(requestId: number): void {
    const open = this.#open.get(requestId);
    if (open !== undefined) this.#functions.abandon(open.id, open.invocation);
  }
}
