import type { HttpAnswer, HttpAsk, Invocation } from '../core/index.ts';
import type { FunctionRunner } from '../runtime/index.ts';
import { HttpInvocation, refuseSize } from '../triggers/index.ts';

/** The functions that requests are for. */
export interface RequestedFunctions {
  /** @throws HS_FUNCTION_NOT_FOUND */
  present(id: string): { readonly runner: Pick<FunctionRunner, 'spec' | 'accept'> };
  abandon(id: string, invocation: Invocation): void;
}

/** HTTP requests that the gateway has handed to this cell and that are not answered yet. */
export class HttpRequests {
  readonly #functions: RequestedFunctions;
  readonly #open = new Map<number, { readonly id: string; readonly invocation: HttpInvocation }>();

  constructor(functions: RequestedFunctions) {
    this.#functions = functions;
  }

  /** @throws what the invocation fails with */
  async serve(ask: HttpAsk): Promise<HttpAnswer> {
    const { id, fetchId, headers, body } = ask;
    const target = this.#functions.present(id);
    let headerBytes = 0;
    for (const [name, value] of headers) headerBytes += name.length + value.length;
    const refusal = refuseSize(target.runner.spec, headerBytes, body.length);
    if (refusal !== undefined) throw refusal;
    const invocation = new HttpInvocation(ask, target.runner.spec);
    this.#open.set(fetchId, { id, invocation });
    try {
      target.runner.accept(invocation);
      return await invocation.answer;
    } finally {
      this.#open.delete(fetchId);
    }
  }

  /** Nobody waits for the answer any more: the invocation is cancelled, as its signal tells it. */
  abandon(fetchId: number): void {
    const open = this.#open.get(fetchId);
    if (open !== undefined) this.#functions.abandon(open.id, open.invocation);
  }
}
