import {
  type CellCommands,
  type CellOptions,
  type CellStats,
  type CheckResult,
  DEFAULT_LIMITS,
  type FunctionSpec,
  HairspringError,
  JOURNAL,
  MAX_CODE_CACHE_BYTES,
  orLate,
  systemClock,
} from '../core/index.ts';
import { readGuestScripts } from '../hostservices/index.ts';
import {
  buildPrelude,
  codeCacheTag,
  configureGuestHeaps,
  EnteredMark,
  EntryGuard,
  HeavyLane,
  IsolatePool,
  loadFunction,
  Scheduler,
  startWatchdog,
} from '../runtime/index.ts';
import { ReplyOutput } from '../triggers/index.ts';
import { ArtifactReader } from './artifact-reader.ts';
import { type Assignment, type CellParts, takeAssignment } from './assignment.ts';
import { changeOver } from './change-over.ts';
import { CodeStore } from './code-store.ts';
import { flushWhenBack } from './flush-when-back.ts';
import { isBetweenMessages, isEncrypted, outputOf } from './held-transport.ts';
import { type CommandHandlers, HostLink } from './host-link.ts';
import { Inspections, withoutHurry } from './inspections.ts';
import { JournalWriter } from './journal-writer.ts';
import { openNativeMemory } from './native-memory.ts';
import { dropPermissions } from './permissions.ts';
import { rehearse } from './rehearse.ts';
import { SourceMaps } from './source-maps.ts';
import { StackMapper } from './stack-mapper.ts';
import { warmUp } from './warm-up.ts';
import { SETTLE_MS, settled } from './workload-session.ts';

/** The thread has had nothing to do for so long when blank isolates are made. */
const QUIET_MS = 2;

/** Given to what ended invocations had open, even where draining has taken all its time. */
const LAST_SETTLE_MS = 500;

/** Functions that may be stopped in a debugger at the same time. */
const INSPECTED_AT_ONCE = 8;

/** How often unused memory goes back to the system, which takes a millisecond or two of a busy cell. */
const TRIM_MS = 20_000;

/** Wires a cell and serves the host's commands until the process ends. */
export async function startCell(options: CellOptions): Promise<void> {
  const { windows, trim } = await openNativeMemory(options.journalFd);
  const guard = new EntryGuard();
  const mark = new EnteredMark();
  await startWatchdog(guard, {
    entered: mark.shared,
    journalFd: options.journalFd,
    reasonOffset: JOURNAL.reasonOffset,
    slotOffset: JOURNAL.slotOffset,
    culpritOffset: JOURNAL.culpritOffset,
    rssLimitBytes: options.rssLimitBytes,
    hangGraceMs: options.hangGraceMs,
  });
  const link = new HostLink();
  const clock = systemClock;
  configureGuestHeaps();
  const prelude = buildPrelude(readGuestScripts());
  const scheduler = new Scheduler();
  const pool = new IsolatePool({
    prelude,
    guard,
    spares: options.spareIsolates,
    isQuiet: () => scheduler.isQuiet(QUIET_MS) && assignment?.connections.isAwaited !== true,
    inspectable: options.inspect,
  });
  const artifacts = new ArtifactReader(options.artifactDir);
  const maps = new SourceMaps(artifacts);
  const codes = new CodeStore(artifacts, options.artifactDir, { maps });
  const stacks = new StackMapper(maps);
  // A function that is stopped in a debugger keeps its thread.
  const heavyLane = options.inspect ? new HeavyLane(INSPECTED_AT_ONCE) : new HeavyLane();
  const inspections = new Inspections(clock);
  if (trim !== undefined) setInterval(trim, TRIM_MS).unref();
  let assignment: Assignment | undefined;
  let draining = false;
  let changed: Promise<void> = Promise.resolve();
  const journal = new JournalWriter(
    options.journalFd,
    () => isBetweenMessages(assignment?.nc),
    outputOf(() => assignment?.nc),
  );

  const parts: CellParts = {
    options,
    clock,
    link,
    journal,
    windows,
    mark,
    pool,
    scheduler,
    heavyLane,
    artifacts,
    codes,
    stacks,
  };

  async function assign(params: CellCommands['assign']['params']): Promise<CellCommands['assign']['result']> {
    const taken = await takeAssignment(parts, params);
    const { nc } = taken;
    assignment = taken;
    nc.closed()
      .then((reason) => {
        if (!draining)
          link.send({ type: 'closed', reason: reason instanceof Error ? reason.message : 'closed' });
      })
      .catch(() => undefined);
    return { encrypted: isEncrypted(nc) };
  }

  function serving(): Assignment {
    if (assignment === undefined) throw new HairspringError('HS_INTERNAL', 'The cell has no namespace yet');
    return assignment;
  }

  function check({ spec }: { readonly spec: FunctionSpec }): CheckResult {
    const code = codes.codeOnce(spec);
    const isolate = pool.create(spec.limits);
    try {
      if (typeof code === 'string') isolate.compileEagerly(code, `${spec.name}.js`);
      const handlers = loadFunction(isolate, { ...spec, bindings: {} }, code);
      const heapBytes = isolate.memoryUse().heapBytes;
      const bytes = typeof code === 'string' ? isolate.codeCache(code, `${spec.name}.js`) : undefined;
      const isKept = bytes !== undefined && bytes.length <= MAX_CODE_CACHE_BYTES;
      return { handlers, heapBytes, codeCache: isKept ? { tag: codeCacheTag(), bytes } : null };
    } catch (error) {
      throw stacks.located(spec, error);
    } finally {
      isolate[Symbol.dispose]();
    }
  }

  const handlers: CommandHandlers = {
    assign,
    check,
    async activate({ specs, credentials, coldReason, secrets: sealed }) {
      await changed;
      const { nc, table, secrets, connections } = serving();
      const unhurried = options.inspect ? specs.map(withoutHurry) : specs;
      const prepared = secrets.prepare(unhurried, sealed, coldReason === 'crash');
      connections.admit(
        prepared.map(({ spec }) => spec),
        credentials,
      );
      const active = prepared.map(({ spec, own }) => table.activate(spec, coldReason, own));
      await flushWhenBack(nc);
      codes.preload(specs);
      return {
        sids: active.map(({ triggers }) => triggers),
        invokeSids: active.map(({ invoke }) => invoke),
        refused: specs.map(({ id }) => table.refusedSubject(id) ?? ''),
      };
    },
    async renew({ nats, credentials, atOnce }) {
      const serves = serving();
      serves.endpoint = nats;
      serves.connections.renew(credentials, atOnce);
      changed = changeOver(serves.nc, clock);
      await changed;
      return null;
    },
    openSecret({ secret }) {
      serving().secrets.open(secret);
      return null;
    },
    async deactivate({ id }) {
      const { table, feed } = serving();
      await table.deactivate(id);
      feed.forget(id);
      return null;
    },
    adopt({ messages }) {
      journal.adopting(messages.map(({ reply }) => reply));
      serving().table.adopt(messages);
      journal.adopted();
      return null;
    },
    cancel: ({ id, invocationId }) => ({
      cancelled: assignment?.table.cancel(id, invocationId ?? undefined) ?? 0,
    }),
    inspect({ sessionId, id, action, message }) {
      const listen = (text: string | null): void =>
        link.send({ type: 'inspected', sessionId, message: text });
      if (action === 'open') inspections.open(sessionId, serving().table.runner(id), listen);
      else if (action === 'message') inspections.send(sessionId, message);
      else inspections.close(sessionId);
      return null;
    },
    tap({ untilMs }) {
      assignment?.feed.tap(untilMs);
      return null;
    },
    stats({ functionIds }): CellStats {
      const table = assignment?.table;
      return {
        rssBytes: process.memoryUsage.rss(),
        warm: table?.warm ?? 0,
        spareIsolates: pool.size,
        warmBytes: table?.warmBytes ?? 0,
        codeBytes: codes.bytes,
        refills: pool.refills.count,
        refillMs: pool.refills.totalMs,
        inFlight: table?.inFlight ?? 0,
        droppedReplies: assignment?.droppedReplies ?? 0,
        functions: table?.stats(functionIds) ?? [],
      };
    },
    async drain({ graceMs }) {
      draining = true;
      if (assignment === undefined) return null;
      await changed;
      const { table, connections, services } = assignment;
      const endMs = clock.monotonicMs() + graceMs;
      await table.drain(graceMs);
      const settleMs = Math.max(LAST_SETTLE_MS, Math.min(SETTLE_MS, endMs - clock.monotonicMs()));
      await Promise.all([connections.close(settleMs), orLate(settled(services), clock, settleMs)]);
      const { nc } = assignment;
      // The library gives up what waits for a connection.
      if (ReplyOutput.isHolding(nc))
        await orLate(
          flushWhenBack(nc).catch(() => undefined),
          clock,
          Math.max(0, endMs - clock.monotonicMs()),
        );
      await nc.drain();
      await assignment.observation.finish();
      return null;
    },
  };
  link.listen(handlers, ({ asks, abandoned }) => {
    for (const ask of asks) assignment?.requests.serve(ask);
    for (const requestId of abandoned) assignment?.requests.abandon(requestId);
  });
  // Everything that needs these is loaded by now.
  dropPermissions(options.artifactDir);
  warmUp(pool);
  pool.prepare(DEFAULT_LIMITS);
  link.send({ type: 'ready' });
  const means = { pool, scheduler, heavyLane, inlineCpuMs: options.inlineCpuMs, clock };
  await rehearse(means).catch((error: unknown) => {
    const { message } = HairspringError.from(error);
    link.send({
      type: 'log',
      record: { level: 'warn', message: 'A function could not be rehearsed', fields: { error: message } },
    });
  });
}
