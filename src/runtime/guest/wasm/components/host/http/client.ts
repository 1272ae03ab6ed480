/** Requests of a component: what it is about to send, and what comes back. */
import { asDecoded } from '../../../../web/shared/decoded.ts';
import type { Variant } from '../../codec.ts';
import { describeError, failed, type HostState, NONE, ok, some } from '../state.ts';
import { type Field, Fields, toBytes, toText } from './fields.ts';
import { IncomingBody } from './incoming.ts';
import { METHODS, methodName } from './methods.ts';
import { OutgoingBody } from './outgoing.ts';

/** Cases of `error-code` without a payload, for codes of ours that mean the same; all others are `internal-error`. */
const ERROR_CODES: Readonly<Record<string, number>> = {
  HS_BINDING_DENIED: 15,
  HS_HTTP_ADDRESS_DENIED: 4,
  HS_HTTP_LIMIT: 11,
};
const INVALID_URI = 19;
const INTERNAL_ERROR = 38;
const SCHEMES = ['http', 'https'];

export class OutgoingRequest {
  readonly fields: Fields;
  method: Variant = { tag: 0, value: undefined };
  path: Variant = NONE;
  scheme: Variant = NONE;
  authority: Variant = NONE;
  #body: OutgoingBody | undefined;

  constructor(fields: Fields) {
    this.fields = fields;
  }

  get body(): OutgoingBody | undefined {
    return this.#body;
  }

  /** The body, once. */
  takeBody(): OutgoingBody | undefined {
    if (this.#body !== undefined) return undefined;
    this.#body = new OutgoingBody();
    return this.#body;
  }

  setMethod(method: Variant): Variant {
    if (method.tag === METHODS.length && !/^[A-Z]{1,32}$/.test(method.value as string)) return failed();
    this.method = method;
    return ok();
  }

  /** Undefined where it is none that can be asked for. */
  get url(): string | undefined {
    const { tag } = this.scheme.tag === 0 ? { tag: 1 } : (this.scheme.value as Variant);
    const scheme = SCHEMES[tag];
    if (scheme === undefined || this.authority.tag === 0) return undefined;
    return `${scheme}://${this.authority.value}${this.path.tag === 0 ? '/' : this.path.value}`;
  }
}

export class IncomingResponse {
  readonly status: number;
  readonly fields: Fields;
  #body: Uint8Array | undefined;

  constructor(status: number, fields: readonly Field[], body: Uint8Array) {
    this.status = status;
    this.fields = new Fields(fields, true);
    this.#body = body;
  }

  /** The body, once. */
  consume(): IncomingBody | undefined {
    const body = this.#body;
    this.#body = undefined;
    return body === undefined ? undefined : new IncomingBody(body);
  }
}

export class FutureResponse {
  #result: Variant | undefined;
  #isTaken = false;
  readonly #settled: Promise<void>;

  constructor(work: Promise<IncomingResponse>) {
    this.#settled = work.then(
      (response) => {
        this.#result = ok(response);
      },
      (error: unknown) => {
        this.#result = failed(toErrorCode(error));
      },
    );
  }

  pending(): Promise<void> | undefined {
    return this.#result === undefined ? this.#settled : undefined;
  }

  /** `option<result<result<incoming-response, error-code>>>`: nothing yet, then the answer, once. */
  get(): Variant {
    if (this.#result === undefined) return NONE;
    if (this.#isTaken) return some(failed());
    this.#isTaken = true;
    return some(ok(this.#result));
  }
}

function toErrorCode(error: unknown): Variant {
  const { code } = error as { readonly code?: string };
  const tag = code === undefined ? undefined : ERROR_CODES[code];
  return tag === undefined
    ? { tag: INTERNAL_ERROR, value: some(describeError(error)) }
    : { tag, value: undefined };
}

/** Sends a request as soon as its body is finished. A `result` of a future and an error code. */
export function send(state: HostState, request: OutgoingRequest): Variant {
  const { url } = request;
  if (url === undefined) return failed({ tag: INVALID_URI, value: undefined });
  return ok(new FutureResponse(ask(state, request, url)));
}

async function ask(
  { bindings }: HostState,
  request: OutgoingRequest,
  url: string,
): Promise<IncomingResponse> {
  const { body, fields } = request;
  await body?.finished;
  const labels = Object.keys(bindings).filter((label) => bindings[label] === 'http');
  const number = Math.floor(Math.random() * 2 ** 52);
  const headers = JSON.stringify(fields.entries.flatMap(([name, value]) => [name, toText(value)]));
  const args = [number, methodName(request.method), url, headers, 'manual', 0];
  let denial: unknown;
  for (const label of labels) {
    try {
      return await open(label, args, body?.bytes());
    } catch (error) {
      if ((error as { readonly code?: string }).code !== 'HS_BINDING_DENIED') throw error;
      denial = error;
    }
  }
  throw denial;
}

type Answer = readonly [number, string, string, number, readonly string[], number | null];

/** Reads the whole answer, as the limits of the host let it. */
async function open(
  label: string,
  args: (string | number)[],
  body: Uint8Array | undefined,
): Promise<IncomingResponse> {
  const { value, payload } = await runtime.callHost(label, 'open', args, body, (answer, beside) => ({
    value: answer as Answer,
    payload: runtime.payloadBytes(beside),
  }));
  const [status, , , , pairs, handle] = value;
  const left = asDecoded(pairs);
  const fields: [string, Uint8Array][] = [];
  for (let at = 0; at + 1 < left.length; at += 2)
    fields.push([(left[at] as string).toLowerCase(), toBytes(left[at + 1] as string)]);
  if (handle === null || handle === 0) return new IncomingResponse(status, fields, payload);
  const rest = await runtime.callHost(label, 'rest', [handle], undefined, (_value, beside) =>
    runtime.payloadBytes(beside),
  );
  return new IncomingResponse(status, fields, rest);
}
