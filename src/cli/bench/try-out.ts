import { HairspringError, isErrorCode, REPLY_HEADERS } from '../../core/index.ts';
import { encodeRequest, fieldOf, HttpConnection } from '../../measure/index.ts';
import {
  type BenchRequest,
  type BenchRun,
  type HttpTo,
  type MessagesTo,
  PATIENCE_MS,
  type Stage,
} from './bench-run.ts';
import { whereOf } from './request.ts';

/** What a function did with a few requests. */
export interface TriedOut {
  /** What a warm one takes, in milliseconds. */
  readonly warmMs: number;
  readonly to: BenchRequest['to'];
}

/** How often it is tried before it counts as warm. */
const TRIES = 3;

/** @throws the code of an error reply */
export async function tryOut(run: BenchRun, stage: Stage): Promise<TriedOut> {
  const { to } = run.request;
  return to.transport === 'http' ? await tryRequests(run, stage, to) : await tryMessages(run, stage, to);
}

async function tryMessages(run: BenchRun, { connection }: Stage, to: MessagesTo): Promise<TriedOut> {
  const { prepared, request } = run;
  const { name, start } = prepared.manifest;
  let warmMs = 0;
  for (let count = 0; count < TRIES; count += 1) {
    const startedMs = performance.now();
    const { error } = await connection.client.invoke(name, request.payload, {
      headers: request.headers,
      timeoutMs: start.limits.timeoutMs,
      ...(to.subject === undefined ? {} : { subject: to.subject }),
    });
    warmMs = performance.now() - startedMs;
    if (error !== undefined) throw answersWith(run, error);
  }
  return { warmMs, to };
}

/** A status that the function itself chose is an answer like others; one with a code of the node is an error. */
async function tryRequests(run: BenchRun, { host }: Stage, to: HttpTo): Promise<TriedOut> {
  const { prepared, request } = run;
  const { timeoutMs } = prepared.manifest.start.limits;
  const port = host.httpPort;
  const headers = Object.entries(request.headers);
  const encoded = encodeRequest({ ...to, port, headers, body: request.payload });
  using connection = await HttpConnection.open(port);
  let [warmMs, status] = [0, 0];
  for (let count = 0; count < TRIES; count += 1) {
    const startedMs = performance.now();
    const reply = await connection.ask(encoded, timeoutMs + PATIENCE_MS);
    warmMs = performance.now() - startedMs;
    const code = fieldOf(reply, REPLY_HEADERS.code);
    if (code !== undefined && isErrorCode(code))
      throw answersWith(run, { code, message: `status ${reply.status}` });
    ({ status } = reply);
  }
  return { warmMs, to: { ...to, status } };
}

type Failure = Pick<HairspringError, 'code' | 'message'> & Partial<Pick<HairspringError, 'position'>>;

function answersWith({ prepared, request }: BenchRun, { code, message, position }: Failure): HairspringError {
  const { to, payload } = request;
  const where = whereOf(to);
  const at = where === undefined ? '' : ` on ${where}`;
  const what = to.transport === 'http' ? '--payload, --method, --path' : '--payload, --subject';
  return new HairspringError(
    code,
    `Cannot measure "${prepared.manifest.name}": it answers ${payload.length} bytes${at} with ${code}: ${message}`,
    {
      hint: `Send what it expects: ${what} and --header${to.transport === 'http' ? '' : ', or a samples.json beside the Nexfile'}`,
      ...(position === undefined ? {} : { position }),
    },
  );
}
