import type { BenchRun } from '../bench-run.ts';
import type { IsolateCommands, IsolateFigures } from '../isolate-process.ts';
import { startChild } from '../process/child.ts';

/** The size that functions have which do not say otherwise. */
const MEMORY_BYTES = 64 * 1024 ** 2;

/** What a blank isolate costs, without a cell, a host or NATS. */
export async function measureIsolates({ plan, progress }: BenchRun): Promise<IsolateFigures> {
  await using child = await startChild<IsolateCommands>(new URL('../isolate-process.ts', import.meta.url), {
    isolates: plan.isolates,
    memoryBytes: MEMORY_BYTES,
  });
  const figures = await child.call('measure', null);
  progress(
    `blank isolate: ${figures.createP50Ms.toFixed(2)} ms, ${(figures.rssBytes / 1e6).toFixed(2)} MB of RSS`,
  );
  return figures;
}
