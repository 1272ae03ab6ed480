import { Worker } from 'node:worker_threads';
import { KILL_REASONS } from '../../core/index.ts';
import { type EntryGuard, GUARD_LAYOUT } from './entry-guard.ts';

export interface WatchdogData {
  readonly guard: SharedArrayBuffer;
  readonly layout: typeof GUARD_LAYOUT;
  readonly reasons: typeof KILL_REASONS;
  /** Of {@link EnteredMark}. */
  readonly entered: SharedArrayBuffer;
  readonly journalFd: number;
  readonly reasonOffset: number;
  /** Where it says, one more than its number, in which slot the entry was that it killed the process for. */
  readonly slotOffset: number;
  readonly culpritOffset: number;
  readonly rssLimitBytes: number;
  readonly hangGraceMs: number;
}

/** Starts the watchdog thread; it ends with the process. Resolves when it runs. */
export async function startWatchdog(
  guard: EntryGuard,
  options: Omit<WatchdogData, 'guard' | 'layout' | 'reasons'>,
): Promise<void> {
  const data: WatchdogData = { guard: guard.shared, layout: GUARD_LAYOUT, reasons: KILL_REASONS, ...options };
  const thread = new Worker(new URL('./watchdog-thread.js', import.meta.url), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  });
  await new Promise<void>((resolve, reject) => {
    thread.once('online', resolve);
    thread.once('error', reject);
  });
  thread.unref();
}
