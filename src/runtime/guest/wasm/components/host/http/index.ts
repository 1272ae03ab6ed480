/** wasi:http: types for answering requests and for sending them, and outgoing-handler on http bindings. */
import { unsendable } from '../../../../web/shared/unsendable.ts';
import type { Variant } from '../../codec.ts';
import { Pollable } from '../clocks.ts';
import { failed, type HostTable, NONE, ok } from '../state.ts';
import { type FutureResponse, type IncomingResponse, OutgoingRequest, send } from './client.ts';
import { type Field, Fields, toText } from './fields.ts';
import { FutureTrailers, type IncomingBody, IncomingRequest } from './incoming.ts';
import { type OutgoingBody, OutgoingResponse, ResponseOutparam } from './outgoing.ts';

/** The last case of `error-code`, which may have a text. */
const INTERNAL_ERROR = 38;

/** A request and where its answer goes. */
export interface HttpExchange {
  /** What the component's handler is called with. */
  readonly args: readonly [IncomingRequest, ResponseOutparam];
  /** What it has answered, when it is done. @throws Error when it answered with an error */
  reply(): object;
}

export function openExchange(line: string, pairs: readonly string[], body: Uint8Array): HttpExchange {
  const outparam = new ResponseOutparam();
  return {
    args: [new IncomingRequest(line, pairs, body), outparam],
    reply: () => toReply(outparam),
  };
}

function toReply({ answer }: ResponseOutparam): object {
  if (answer === undefined) return unsendable('The component ended without a response');
  if (answer.tag !== 0)
    throw new Error(`The component answered with ${describeCode(answer.value as Variant)}`);
  const { status, headers, body } = answer.value as OutgoingResponse;
  if (body?.isFinished === false)
    return unsendable('The component has not finished the body of its response');
  const record: Record<string, string[]> = Object.create(null);
  record[':status'] = [`${status}`];
  for (const [name, value] of headers.entries) {
    record[name] ??= [];
    record[name].push(toText(value));
  }
  return new runtime.Reply(body?.bytes(), { headers: record });
}

function describeCode({ tag, value }: Variant): string {
  const text = tag === INTERNAL_ERROR ? (value as Variant).value : undefined;
  return text === undefined ? `error code ${tag} of wasi:http/types` : `an error: ${text}`;
}

function fallible(value: unknown): Variant {
  return value === undefined ? failed() : ok(value);
}

const TYPES = 'wasi:http/types#';
const FIELDS = `${TYPES}[method]fields.`;
const REQUEST = `${TYPES}[method]incoming-request.`;
const RESPONSE = `${TYPES}[method]outgoing-response.`;
const OUT = `${TYPES}[method]outgoing-request.`;
const IN = `${TYPES}[method]incoming-response.`;

type OfFields<Rest extends readonly unknown[] = readonly []> = readonly [Fields, ...Rest];
type OfRequest = readonly [IncomingRequest];
type OfOutgoing<Rest extends readonly unknown[] = readonly []> = readonly [OutgoingRequest, ...Rest];
type OfResponse<Rest extends readonly unknown[] = readonly []> = readonly [OutgoingResponse, ...Rest];

export const HTTP: HostTable = {
  [`${TYPES}[constructor]fields`]: () => new Fields(),
  [`${TYPES}[static]fields.from-list`]: (_state, [entries]: readonly [readonly Field[]]) =>
    Fields.from(entries),
  [`${FIELDS}get`]: (_state, [fields, name]: OfFields<readonly [string]>) => fields.get(name),
  [`${FIELDS}has`]: (_state, [fields, name]: OfFields<readonly [string]>) => fields.get(name).length > 0,
  [`${FIELDS}set`]: (_state, [fields, name, values]: OfFields<readonly [string, readonly Uint8Array[]]>) =>
    fields.set(name, values),
  [`${FIELDS}delete`]: (_state, [fields, name]: OfFields<readonly [string]>) => fields.delete(name),
  [`${FIELDS}append`]: (_state, [fields, name, value]: OfFields<readonly [string, Uint8Array]>) =>
    fields.append(name, value),
  [`${FIELDS}entries`]: (_state, [fields]: OfFields) => fields.entries,
  [`${FIELDS}clone`]: (_state, [fields]: OfFields) => new Fields(fields.entries),
  [`${REQUEST}method`]: (_state, [request]: OfRequest) => request.method,
  [`${REQUEST}path-with-query`]: (_state, [request]: OfRequest) => request.path,
  [`${REQUEST}scheme`]: (_state, [request]: OfRequest) => request.scheme,
  [`${REQUEST}authority`]: (_state, [request]: OfRequest) => request.authority,
  [`${REQUEST}headers`]: (_state, [request]: OfRequest) => request.headers,
  [`${REQUEST}consume`]: (_state, [request]: OfRequest) => fallible(request.consume()),
  [`${TYPES}[method]incoming-body.stream`]: (_state, [body]: readonly [IncomingBody]) =>
    fallible(body.takeStream()),
  [`${TYPES}[static]incoming-body.finish`]: () => new FutureTrailers(),
  [`${TYPES}[method]future-trailers.subscribe`]: () => new Pollable(undefined),
  [`${TYPES}[method]future-trailers.get`]: (_state, [trailers]: readonly [FutureTrailers]) => trailers.get(),
  [`${TYPES}[static]response-outparam.set`]: (
    _state,
    [outparam, answer]: readonly [ResponseOutparam, Variant],
  ) => {
    outparam.answer = answer;
  },
  [`${TYPES}[constructor]outgoing-response`]: (_state, [fields]: OfFields) => new OutgoingResponse(fields),
  [`${RESPONSE}status-code`]: (_state, [response]: OfResponse) => response.status,
  [`${RESPONSE}set-status-code`]: (_state, [response, status]: OfResponse<readonly [number]>) => {
    if (status < 200 || status > 599) return failed();
    response.status = status;
    return ok();
  },
  [`${RESPONSE}headers`]: (_state, [response]: OfResponse) => response.headers,
  [`${RESPONSE}body`]: (_state, [response]: OfResponse) => fallible(response.takeBody()),
  [`${TYPES}[method]outgoing-body.write`]: (_state, [body]: readonly [OutgoingBody]) =>
    fallible(body.takeStream()),
  // Trailers are given up: the gateway sends none.
  [`${TYPES}[static]outgoing-body.finish`]: (_state, [body]: readonly [OutgoingBody]) => {
    body.finish();
    return ok();
  },
  [`${TYPES}[constructor]outgoing-request`]: (_state, [fields]: OfFields) => new OutgoingRequest(fields),
  [`${OUT}body`]: (_state, [request]: OfOutgoing) => fallible(request.takeBody()),
  [`${OUT}method`]: (_state, [request]: OfOutgoing) => request.method,
  [`${OUT}set-method`]: (_state, [request, method]: OfOutgoing<readonly [Variant]>) =>
    request.setMethod(method),
  [`${OUT}path-with-query`]: (_state, [request]: OfOutgoing) => request.path,
  [`${OUT}set-path-with-query`]: (_state, [request, path]: OfOutgoing<readonly [Variant]>) => {
    request.path = path;
    return ok();
  },
  [`${OUT}scheme`]: (_state, [request]: OfOutgoing) => request.scheme,
  [`${OUT}set-scheme`]: (_state, [request, scheme]: OfOutgoing<readonly [Variant]>) => {
    request.scheme = scheme;
    return ok();
  },
  [`${OUT}authority`]: (_state, [request]: OfOutgoing) => request.authority,
  [`${OUT}set-authority`]: (_state, [request, authority]: OfOutgoing<readonly [Variant]>) => {
    request.authority = authority;
    return ok();
  },
  [`${OUT}headers`]: (_state, [request]: OfOutgoing) => request.fields.view,
  // The limits are those of the binding and the invocation.
  [`${TYPES}[constructor]request-options`]: () => ({}),
  ...Object.fromEntries(
    ['connect-timeout', 'first-byte-timeout', 'between-bytes-timeout'].flatMap((name) => [
      [`${TYPES}[method]request-options.${name}`, () => NONE],
      [`${TYPES}[method]request-options.set-${name}`, () => failed()],
    ]),
  ),
  [`${TYPES}[method]future-incoming-response.subscribe`]: (_state, [future]: readonly [FutureResponse]) =>
    new Pollable(undefined, () => future.pending()),
  [`${TYPES}[method]future-incoming-response.get`]: (_state, [future]: readonly [FutureResponse]) =>
    future.get(),
  [`${IN}status`]: (_state, [response]: readonly [IncomingResponse]) => response.status,
  [`${IN}headers`]: (_state, [response]: readonly [IncomingResponse]) => response.fields.view,
  [`${IN}consume`]: (_state, [response]: readonly [IncomingResponse]) => fallible(response.consume()),
  'wasi:http/outgoing-handler#handle': (state, [request]: readonly [OutgoingRequest]) => send(state, request),
  // No error of a stream in memory is one of HTTP.
  [`${TYPES}http-error-code`]: () => NONE,
};
