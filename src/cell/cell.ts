import { type CellOptions, DEFAULT_LIMITS, HairspringError, JOURNAL, systemClock } from '../core/index.ts';
import { readGuestScripts } from '../hostservices/index.ts';
import {
  buildPrelude,
  configureGuestHeaps,
  EnteredMark,
  EntryGuard,
  HeavyLane,
  IsolatePool,
  Scheduler,
  startWatchdog,
} from '../runtime/index.ts';
import { ArtifactReader } from './artifact-reader.ts';
import type { CellParts } from './assignment.ts';
import { CodeStore } from './code-store.ts';
import { type CellState, createCommands } from './commands.ts';
import { isBetweenMessages, outputOf } from './held-transport.ts';
import { HostLink } from './host-link.ts';
import { JournalWriter } from './journal-writer.ts';
import { openNativeMemory } from './native-memory.ts';
import { dropPermissions } from './permissions.ts';
import { rehearse } from './rehearse.ts';
import { SourceMaps } from './source-maps.ts';
import { StackMapper } from './stack-mapper.ts';
import { warmUp } from './warm-up.ts';

/** The thread has had nothing to do for so long when blank isolates are made. */
const QUIET_MS = 2;

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
    isQuiet: () => scheduler.isQuiet(QUIET_MS) && state.assignment?.connections.isAwaited !== true,
    inspectable: options.inspect,
  });
  const artifacts = new ArtifactReader(options.artifactDir);
  const maps = new SourceMaps(artifacts);
  const codes = new CodeStore(artifacts, options.artifactDir, { maps });
  const stacks = new StackMapper(maps);
  // A function that is stopped in a debugger keeps its thread.
  const heavyLane = options.inspect ? new HeavyLane(INSPECTED_AT_ONCE) : new HeavyLane();
  if (trim !== undefined) setInterval(trim, TRIM_MS).unref();
  const state: CellState = { assignment: undefined };
  const journal = new JournalWriter(
    options.journalFd,
    () => isBetweenMessages(state.assignment?.nc),
    outputOf(() => state.assignment?.nc),
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

  link.listen(createCommands(parts, state), ({ asks, abandoned }) => {
    for (const ask of asks) state.assignment?.requests.serve(ask);
    for (const requestId of abandoned) state.assignment?.requests.abandon(requestId);
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
