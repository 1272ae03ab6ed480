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
import { BUSY_CODES, busyHint } from './strays.ts';

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
  const warmMs = await untilWarm(run, async () => {
    const { error } = await connection.client.invoke(name, request.payload, {
      headers: request.headers,
      timeoutMs: start.limits.timeoutMs,
      ...(to.subject === undefined ? {} : { subject: to.subject }),
    });
    return error;
  });
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
  let { status } = to;
  const warmMs = await untilWarm(run, async () => {
    const reply = await connection.ask(encoded, timeoutMs + PATIENCE_MS);
    ({ status } = reply);
    const code = fieldOf(reply, REPLY_HEADERS.code);
    return code !== undefined && isErrorCode(code) ? { code, message: `status ${status}` } : undefined;
  });
  return { warmMs, to: { ...to, status } };
}

/** @param ask resolves with the error that is the answer. @returns what the last request took, in milliseconds */
async function untilWarm(run: BenchRun, ask: () => Promise<Failure | undefined>): Promise<number> {
  let strayCode: string | undefined;
  let warmMs = 0;
  for (let good = 0; good < TRIES; ) {
    const startedMs = performance.now();
    const failure = await ask();
    warmMs = performance.now() - startedMs;
    if (failure === undefined) good += 1;
    else if (strayCode === undefined && BUSY_CODES.includes(failure.code)) strayCode = failure.code;
    else throw answersWith(run, failure);
  }
  if (strayCode !== undefined) {
    const one = { where: 'at first', bad: 1, codes: [[strayCode, 1]], text: '' } as const;
    run.strays.judge(run.prepared.manifest.name, { ...one, requests: TRIES + 1 });
  }
  return warmMs;
}

type Failure = Pick<HairspringError, 'code' | 'message'> & Partial<Pick<HairspringError, 'position'>>;

function answersWith({ prepared, request }: BenchRun, { code, message, position }: Failure): HairspringError {
  const { to, payload } = request;
  const where = whereOf(to);
  const at = where === undefined ? '' : ` on ${where}`;
  const options =
    to.transport === 'http'
      ? '--payload, --method, --path and --header'
      : '--payload, --subject and --header, or a samples.json beside the Nexfile';
  return new HairspringError(
    code,
    `Cannot measure "${prepared.manifest.name}": it answers ${payload.length} bytes${at} with ${code}: ${message}`,
    {
      hint: busyHint(code) ?? `Send what it expects: ${options}`,
      ...(position === undefined ? {} : { position }),
    },
  );
}
