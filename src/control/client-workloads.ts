import {
  HairspringError,
  hairspringSubjects,
  SYSTEM_NAMESPACE,
  WORKLOAD_METADATA,
  workloadSubjects,
} from '../core/index.ts';
import { ask, assertToken, type ClientContext, gather, STALL_MS } from './client-request.ts';
import { fromErrorReply } from './error-reply.ts';
import {
  functionInfo,
  liveFunction,
  parseReply,
  stopWorkloadResponse,
  workloadSummaries,
} from './replies.ts';
import type {
  FunctionInfo,
  LiveFunction,
  StartWorkloadRequest,
  StopWorkloadResponse,
  WorkloadSummary,
} from './types.ts';
import { startWorkloadRequest } from './wire.ts';

/** A stop waits for accepted work, so it may take as long as the function's own limit. */
const UNDEPLOY_TIMEOUT_MS = 30_000;
/** Until then all nodes have seen what was undeployed or deployed by another one, which they look for once a second. */
const FOLLOWED_BY_MS = 5_000;
const LIST_AGAIN_MS = 100;

/**
 * The functions of all nodes, each once, sorted by namespace, name and id.
 * @throws HS_NO_NODE when no node listens
 */
export async function list(context: ClientContext, filter: readonly string[]): Promise<WorkloadSummary[]> {
  const byId = new Map<string, WorkloadSummary>();
  let failure: HairspringError | undefined;
  let answered = false;
  const options = { action: 'Cannot list functions', timeoutMs: context.timeoutMs, stallMs: STALL_MS };
  const body = { namespace: context.namespace, filter };
  for await (const answer of gather(context, workloadSubjects.list(context.namespace), body, options)) {
    const refused = fromErrorReply(answer);
    failure ??= refused;
    if (refused !== undefined) continue;
    answered = true;
    for (const summary of parseReply(workloadSummaries, answer, 'list of functions')) {
      const known = byId.get(summary.id);
      const isBetter = isWaiting(known) || summary.workload_state === 'warm';
      if (known === undefined || isBetter) byId.set(summary.id, summary);
    }
  }
  if (!answered) throw failure ?? noAnswer('Cannot list functions');
  return [...byId.values()].sort(
    (a, b) => order(a.namespace, b.namespace) || order(a.name, b.name) || order(a.id, b.id),
  );
}

/**
 * The one function that `idOrName` names. A name of which nodes tell differently in one namespace, as where it was
 * undeployed and deployed anew just before, is asked for again until they agree.
 * @throws HS_FUNCTION_NOT_FOUND, HS_USAGE when `system` finds the name in several namespaces
 */
async function resolve(context: ClientContext, idOrName: string): Promise<WorkloadSummary> {
  assertToken(idOrName, 'function name or id');
  const { clock } = context;
  const untilMs = clock.monotonicMs() + FOLLOWED_BY_MS;
  for (;;) {
    const found = (await list(context, [idOrName])).filter(
      ({ id, name }) => id === idOrName || name === idOrName,
    );
    const exact = found.find(({ id }) => id === idOrName) ?? found[0];
    if (exact === undefined) throw notFound(context, idOrName);
    if (exact.id === idOrName || found.length === 1) return exact;
    const isOneName = found.every(({ namespace }) => namespace === exact.namespace);
    if (!isOneName || clock.monotonicMs() >= untilMs) throw ambiguous(idOrName, found);
    await clock.sleep(LIST_AGAIN_MS);
  }
}

function ambiguous(name: string, found: readonly WorkloadSummary[]): HairspringError {
  const places = found.map(({ id, namespace }) => `${id} in "${namespace}"`).join(', ');
  return new HairspringError('HS_USAGE', `"${name}" names several functions: ${places}`, {
    hint: 'Use the id',
  });
}

/** @throws HS_FUNCTION_NOT_FOUND, HS_NATS_UNREACHABLE, and what the node says that holds it */
export async function undeploy(context: ClientContext, idOrName: string): Promise<StopWorkloadResponse> {
  const { id, namespace } = await resolve(context, idOrName);
  const owner = namespace === '' ? context.namespace : namespace;
  const subject = workloadSubjects.undeploy(context.namespace, id);
  const action = `Cannot undeploy "${idOrName}"`;
  const timeoutMs = context.slowTimeoutMs(UNDEPLOY_TIMEOUT_MS);
  for await (const answer of gather(context, subject, { namespace: owner }, { action, timeoutMs })) {
    const failure = fromErrorReply(answer);
    if (failure !== undefined) throw failure;
    const stopped = parseReply(stopWorkloadResponse, answer, 'undeploy reply');
    if (stopped.stopped) return stopped;
  }
  // It was there a moment ago.
  throw new HairspringError(
    'HS_NATS_UNREACHABLE',
    `${action}: no node said within ${timeoutMs} ms that it is done`,
    {
      hint: 'What it had accepted may still run, up to its limits.timeout; `hairspring list` shows whether it is still deployed',
    },
  );
}

/** The deploy request that made a function. @throws HS_FUNCTION_NOT_FOUND */
export async function clone(context: ClientContext, idOrName: string): Promise<StartWorkloadRequest> {
  const { id, namespace } = await resolve(context, idOrName);
  const owner = namespace === '' ? context.namespace : namespace;
  const subject = workloadSubjects.clone(context.namespace, id);
  const options = { action: `Cannot clone "${idOrName}"`, timeoutMs: context.timeoutMs };
  const body = { namespace: owner, new_target_xkey: '' };
  for await (const answer of gather(context, subject, body, options)) {
    const failure = fromErrorReply(answer);
    if (failure !== undefined) throw failure;
    return parseReply(startWorkloadRequest, answer, 'definition of a function');
  }
  throw notFound(context, idOrName);
}

/** One function in full, from the first node that serves it, else from one that holds it. @throws HS_FUNCTION_NOT_FOUND, HS_NO_NODE */
export async function info(context: ClientContext, nameOrId: string): Promise<FunctionInfo> {
  assertToken(nameOrId, 'function name or id');
  const action = `Cannot get "${nameOrId}"`;
  const options = { action, timeoutMs: context.timeoutMs, stallMs: STALL_MS };
  let failure: HairspringError | undefined;
  let waiting: FunctionInfo | undefined;
  const subject = hairspringSubjects.info(context.namespace, nameOrId);
  for await (const answer of gather(context, subject, {}, options)) {
    const refused = fromErrorReply(answer);
    if (refused === undefined) {
      const found = parseReply(functionInfo, answer, 'state of a function');
      if (found.waiting === undefined) return found;
      waiting ??= found;
      continue;
    }
    failure = failure === undefined || failure.code === 'HS_FUNCTION_NOT_FOUND' ? refused : failure;
  }
  if (waiting !== undefined) return waiting;
  throw failure ?? noAnswer(action);
}

/** What a deployment under `name` would replace; any node knows. @throws HS_NO_NODE */
export async function live(context: ClientContext, name: string): Promise<LiveFunction | undefined> {
  assertToken(name, 'function name');
  const action = `Cannot compare "${name}" with its live version`;
  try {
    const answer = await ask(context, hairspringSubjects.live(context.namespace, name), {}, { action });
    return parseReply(liveFunction, answer, 'live version of a function');
  } catch (error) {
    if (HairspringError.is(error) && error.code === 'HS_FUNCTION_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Whether the node that listed it does not serve it, as one that has its secrets does. */
function isWaiting(summary: WorkloadSummary | undefined): boolean {
  return summary?.metadata[WORKLOAD_METADATA.waiting] !== undefined;
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function noAnswer(action: string): HairspringError {
  return new HairspringError('HS_NATS_UNREACHABLE', `${action}: no node answered in time`);
}

function notFound(context: ClientContext, idOrName: string): HairspringError {
  const place = context.namespace === SYSTEM_NAMESPACE ? 'any namespace' : `namespace "${context.namespace}"`;
  return new HairspringError('HS_FUNCTION_NOT_FOUND', `No function "${idOrName}" in ${place}`);
}
