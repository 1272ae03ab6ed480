import { makeMetric, makeRow, type Row, startChild } from '../../src/measure/index.ts';
import type { BenchRun } from '../bench-run.ts';
import { bundlePadded } from '../deploy.ts';
import type { BlankFigures, IsolateCommands, ScriptFigures } from '../isolate-process.ts';
import { SCRIPT_SIZES } from '../plan.ts';

/** The size that functions have which do not say otherwise. */
const MEMORY_BYTES = 64 * 1024 ** 2;

/** What a blank isolate costs, and V8 alone for the scripts of the cold tiers, without a cell, a host or NATS. */
export async function measureIsolates({ plan, progress }: BenchRun): Promise<readonly Row[]> {
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
  return [
    blankRow(figures),
    scriptRow('V8 alone compiles by its cache and runs 5 KB, after a pause', SCRIPT_SIZES.small.chars, small),
    scriptRow('the same with 100 KB', SCRIPT_SIZES.large.chars, large),
  ];
}

function blankRow({ isolates, createP50Ms, createP99Ms, rssBytes, heapBytes }: BlankFigures): Row {
  return makeRow({
    group: 'isolate',
    subject: 'blank-isolate',
    title: 'made, with the whole prelude run',
    params: {},
    n: isolates,
    metrics: [
      makeMetric('p50Ms', 'ms', 'lower', [createP50Ms]),
      makeMetric('p99Ms', 'ms', 'lower', [createP99Ms]),
      makeMetric('rssBytes', 'bytes', 'lower', [rssBytes]),
      makeMetric('heapBytes', 'bytes', 'lower', [heapBytes]),
    ],
  });
}

function scriptRow(title: string, bundleBytes: number, { count, p50Ms, p99Ms }: ScriptFigures): Row {
  return makeRow({
    group: 'isolate',
    subject: 'v8-script',
    title,
    params: { bundleBytes },
    n: count,
    metrics: [makeMetric('p50Ms', 'ms', 'lower', [p50Ms]), makeMetric('p99Ms', 'ms', 'lower', [p99Ms])],
  });
}
