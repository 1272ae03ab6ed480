/** Makes blank isolates as a cell's pool does, in a process of its own, and tells what they cost. */
import { warmUp } from '../src/cell/warm-up.ts';
import { readGuestScripts } from '../src/hostservices/index.ts';
import { buildPrelude, configureGuestHeaps, EntryGuard, IsolatePool } from '../src/runtime/index.ts';
import { childOptions, serveParent } from './process/serve-parent.ts';
import { median, percentile } from './statistics.ts';

export type IsolateCommands = {
  readonly measure: { readonly params: null; readonly result: IsolateFigures };
};

/** Of one blank isolate, with its context and the whole prelude run. */
export interface IsolateFigures {
  readonly isolates: number;
  readonly createP50Ms: number;
  readonly createP99Ms: number;
  readonly rssBytes: number;
  /** In use, as V8 says. */
  readonly heapBytes: number;
}

interface IsolateOptions {
  readonly isolates: number;
  readonly memoryBytes: number;
}

/** Made before: the first ones compile the prelude and grow the process itself. */
const UNCOUNTED = 10;

const { isolates, memoryBytes } = childOptions<IsolateOptions>();

function measure(): IsolateFigures {
  configureGuestHeaps();
  const pool = new IsolatePool({
    prelude: buildPrelude(readGuestScripts()),
    guard: new EntryGuard(),
    spares: 0,
  });
  // As a cell does, which decides what the code cache of the prelude has in it.
  warmUp(pool);
  const early = Array.from({ length: UNCOUNTED }, () => pool.create(memoryBytes));
  const before = process.memoryUsage.rss();
  const createMs: number[] = [];
  const made = Array.from({ length: isolates }, () => {
    const startedAt = performance.now();
    const isolate = pool.create(memoryBytes);
    createMs.push(performance.now() - startedAt);
    return isolate;
  });
  const rssBytes = (process.memoryUsage.rss() - before) / isolates;
  const heapBytes = median(made.map((isolate) => isolate.memoryUse().heapBytes));
  for (const isolate of [...early, ...made]) isolate[Symbol.dispose]();
  return {
    isolates,
    createP50Ms: median(createMs),
    createP99Ms: percentile(createMs, 0.99),
    rssBytes,
    heapBytes,
  };
}

serveParent<IsolateCommands>({ measure: async () => measure() }, async () => undefined);
