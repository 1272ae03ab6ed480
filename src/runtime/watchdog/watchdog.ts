import { Worker } from 'node:worker_threads';
import { siblingModule } from '../../core/index.ts';
import type { EntryGuard } from './entry-guard.ts';

export interface WatchdogData {
  readonly guard: SharedArrayBuffer;
  readonly journalFd: number;
  readonly reasonOffset: number;
  readonly rssLimitBytes: number;
  readonly hangGraceMs: number;
}

/** Starts the watchdog thread; it ends with the process. Resolves when it runs. */
export async function startWatchdog(guard: EntryGuard, options: Omit<WatchdogData, 'guard'>): Promise<void> {
  const data: WatchdogData = { guard: guard.shared, ...options };
  const thread = new Worker(siblingModule(import.meta.url, 'watchdog-thread'), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  });
  await new Promise<void>((resolve, reject) => {
    thread.once('online', resolve);
    thread.once('error', reject);
  });
  thread.unref();
}
