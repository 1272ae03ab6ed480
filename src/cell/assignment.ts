import type { NatsConnection } from '@nats-io/transport-node';
import {
  type CellCommands,
  type CellOptions,
  type Clock,
  formatBytes,
  HOST_LIMITS,
  type LocalFunctions,
  type NatsEndpoint,
  ReplySubjects,
} from '../core/index.ts';
import {
  CALLS_LABEL,
  callsBinding,
  checkGrant,
  createHostServices,
  createNatsServices,
  MessagingBudgets,
  prepareBuiltIns,
  prepareLocally,
  serviceBindings,
} from '../hostservices/index.ts';
import {
  ByteBudget,
  DeadlineSweeper,
  type EnteredMark,
  type EntryJournal,
  type HeavyLane,
  type IsolatePool,
  type Scheduler,
} from '../runtime/index.ts';
import { MAX_HELD_BYTES, ReplyOutput } from '../triggers/index.ts';
import type { ArtifactReader } from './artifact-reader.ts';
import type { CodeStore } from './code-store.ts';
import { toConnectionOptions } from './connection-options.ts';
import { FeedPublisher } from './feed-publisher.ts';
import { flushWhenBack } from './flush-when-back.ts';
import { FunctionTable } from './function-table.ts';
import { connectHeld, connectOwn } from './held-transport.ts';
import type { HostLink } from './host-link.ts';
import { HttpRequests } from './http-requests.ts';
import { withSourceMap } from './inspections.ts';
import type { JournalWriter } from './journal-writer.ts';
import { type CellGauges, createObservation, type Observation } from './observe/index.ts';
import { CellSecrets } from './secrets/index.ts';
import type { StackMapper } from './stack-mapper.ts';
import type { ReadWindows } from './window-reader.ts';
import { WorkloadConnections } from './workload-connections.ts';
import type { Services } from './workload-session.ts';

/** What a cell has before it serves a namespace. */
export interface CellParts {
  readonly options: CellOptions;
  readonly clock: Clock;
  readonly link: HostLink;
  readonly journal: JournalWriter;
  readonly windows: ReadWindows;
  readonly mark: EnteredMark;
  readonly pool: IsolatePool;
  readonly scheduler: Scheduler;
  readonly heavyLane: HeavyLane;
  readonly artifacts: ArtifactReader;
  readonly codes: CodeStore;
  readonly stacks: StackMapper;
}

/** What a cell holds once it serves a namespace. */
export interface Assignment {
  readonly nc: NatsConnection;
  readonly table: FunctionTable;
  readonly requests: HttpRequests;
  readonly secrets: CellSecrets;
  readonly feed: FeedPublisher;
  readonly observation: Observation;
  readonly connections: WorkloadConnections;
  /** Over its own connection. */
  readonly services: Services;
  /** With the credentials of the moment. */
  endpoint: NatsEndpoint;
  /** How many were not sent so far. */
  readonly droppedReplies: number;
}

/** Connects to NATS and wires what serves the functions of a namespace. */
export async function takeAssignment(
  parts: CellParts,
  { namespace, nats, secretSeed }: CellCommands['assign']['params'],
): Promise<Assignment> {
  const { options, clock, link, journal, pool, codes, stacks } = parts;
  let droppedReplies = 0;
  let reportedReplies = 0;
  let current = nats;
  const endpoint = (): NatsEndpoint => current;
  const nc = await connectHeld(
    toConnectionOptions(endpoint, `hairspring cell ${namespace}`),
    link.dial,
    journal,
    parts.windows,
  );
  ReplyOutput.of(nc).onLost((replies, isFirst) => {
    droppedReplies += replies;
    const message = `Replies are lost: the cell has no connection, and ${formatBytes(MAX_HELD_BYTES)} of them wait for one`;
    if (isFirst) link.send({ type: 'log', record: { level: 'warn', message, fields: { namespace } } });
  });
  const gauges = (): CellGauges => {
    const newlyDropped = droppedReplies - reportedReplies;
    reportedReplies = droppedReplies;
    return {
      rssBytes: process.memoryUsage.rss(),
      warm: table.warm,
      blank: pool.size,
      droppedReplies: newlyDropped,
      functions: table.gauges(),
    };
  };
  const feed = new FeedPublisher(nc, clock, (spec) => observation.logDropped(spec));
  const observation = createObservation({
    clock,
    observe: options.observe,
    feed,
    gauges,
    redactOf: (spec) => secrets.redactOf(spec),
    send: (report) => link.sent({ type: 'telemetry', report }),
  });
  const budgets = new MessagingBudgets();
  const local: LocalFunctions = { has: (name) => table.has(name), call: (call) => table.call(call) };
  const connections = new WorkloadConnections({
    endpoint,
    clock,
    connect: connectOwn,
    createServices: (own, inboxPrefix) =>
      createNatsServices(own, { inboxPrefix, calls: { namespace }, budgets }),
    check: checkGrant,
    prepareLocally: (binding) => prepareLocally(nc, binding, local),
  });
  const services = createHostServices(nc, {
    inboxPrefix: nats.inboxPrefix,
    calls: { namespace, local },
    budgets,
  });
  const table: FunctionTable = new FunctionTable({
    nc,
    services,
    connections,
    bindingsOf: (spec) => ({ ...serviceBindings(spec), [CALLS_LABEL]: callsBinding(spec) }),
    prepareBuiltIns,
    runtime: {
      pool,
      scheduler: parts.scheduler,
      sweeper: new DeadlineSweeper(clock),
      heavyLane: parts.heavyLane,
      inlineCpuMs: options.inlineCpuMs,
      clock,
      journal: markedJournal(journal, parts.mark),
      observer: observation.observer,
      backlog: new ByteBudget(options.rssLimitBytes * HOST_LIMITS.cellBacklogShare),
      readCode: options.inspect
        ? (spec) => withSourceMap(codes.codeOnce(spec), parts.artifacts, spec)
        : codes.code,
      readCache: codes.cache,
      keepCache: codes.learn,
      mapStack: (spec, stack) => (feed.admits(spec.id) ? stacks.map(spec, stack) : stack),
      mapText: (spec, text) => (feed.admits(spec.id) ? stacks.mapText(spec, text) : text),
    },
    replySubjects: new ReplySubjects(options.replySubjects),
    nodeId: options.nodeId,
    replies: {
      received: (open) => journal.received(open),
      answered: (open) => journal.answered(open),
      refusedReply: () => {
        droppedReplies += 1;
      },
    },
    onGone: (spec, isCodeShared) => {
      connections.finished(spec);
      if (!isCodeShared) codes.forget(spec);
    },
    warmInstances: options.warmInstances,
    idleEvictMs: options.idleEvictMs,
    warmMemoryBytes: options.warmMemoryBytes,
  });
  await flushWhenBack(nc);
  const secrets = new CellSecrets(namespace, secretSeed, clock);
  const requests = new HttpRequests(
    table,
    (answers) => link.send({ type: 'answers', answers }),
    (requestId) => journal.requested(requestId),
  );
  return {
    nc,
    table,
    requests,
    secrets,
    feed,
    observation,
    connections,
    services,
    get endpoint() {
      return current;
    },
    set endpoint(given) {
      current = given;
    },
    get droppedReplies() {
      return droppedReplies;
    },
  };
}

/** The journal, and in shared memory whose entry it is, which the watchdog looks at. */
function markedJournal(journal: JournalWriter, mark: EnteredMark): EntryJournal {
  return {
    enter(functionId, started) {
      mark.entered(functionId);
      journal.enter(functionId, started);
    },
    leave: () => journal.leave(),
    enterHeavy(slot, functionId, started) {
      mark.entered(functionId, slot);
      journal.enterHeavy(slot, functionId, started);
    },
    leaveHeavy: (slot) => journal.leaveHeavy(slot),
  };
}
