import type { BenchRun } from '../bench-run.ts';
import { bundlePadded } from '../deploy.ts';
import type { IsolateCommands, IsolateFigures } from '../isolate-process.ts';
import { SCRIPT_SIZES } from '../plan.ts';
import { startChild } from '../process/child.ts';

/** The size that functions have which do not say otherwise. */
const MEMORY_BYTES = 64 * 1024 ** 2;

/** What a blank isolate costs, and V8 alone for the scripts of the cold tiers, without a cell, a host or NATS. */
export async function measureIsolates({ plan, progress }: BenchRun): Promise<IsolateFigures> {
  await using child = await startChild<IsolateCommands>(new URL('../isolate-process.ts', import.meta.url), {
    isolates: plan.isolates,
    memoryBytes: MEMORY_BYTES,
  });
  const figures = await child.call('measure', null);
  const measureScript = async ({ entry, chars }: (typeof SCRIPT_SIZES)[keyof typeof SCRIPT_SIZES]) => {
    const { code } = await bundlePadded(entry, chars);
    return await child.call('measureScript', { code, count: plan.isolates, pauseMs: plan.coldPauseMs });
  };
  const small = await measureScript(SCRIPT_SIZES.small);
  const large = await measureScript(SCRIPT_SIZES.large);
  progress(
    `blank isolate: ${figures.createP50Ms.toFixed(2)} ms, ${(figures.rssBytes / 1e6).toFixed(2)} MB of RSS`,
  );
  progress(`V8 alone, cold: 5 KB ${small.p50Ms.toFixed(2)} ms, 100 KB ${large.p50Ms.toFixed(2)} ms`);
  return { ...figures, scripts: { small, large } };
}
