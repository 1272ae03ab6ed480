/** Makes blank isolates as a cell's pool does, in a process of its own, and tells what they cost. */
import { setTimeout as sleep } from 'node:timers/promises';
import ivm from 'isolated-vm';
import { warmUp } from '../src/cell/warm-up.ts';
import { readGuestScripts } from '../src/hostservices/index.ts';
import { childOptions, median, percentile, serveParent } from '../src/measure/index.ts';
import { buildPrelude, configureGuestHeaps, EntryGuard, IsolatePool } from '../src/runtime/index.ts';

export type IsolateCommands = {
  readonly measure: { readonly params: null; readonly result: BlankFigures };
  readonly measureScript: { readonly params: ScriptOptions; readonly result: ScriptFigures };
};

export interface ScriptOptions {
  readonly code: string;
  readonly count: number;
  readonly pauseMs: number;
}

/** What V8 alone takes for a script in an isolate that has neither compiled nor run it: no runtime, no message. */
export interface ScriptFigures {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Of one blank isolate, with its context and the whole prelude run. */
export interface BlankFigures {
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

function measure(): BlankFigures {
  configureGuestHeaps();
  const pool = new IsolatePool({
    prelude: buildPrelude(readGuestScripts()),
    guard: new EntryGuard(),
    spares: 0,
  });
  // As a cell does, which decides what the code cache of the prelude has in it.
  warmUp(pool);
  const early = Array.from({ length: UNCOUNTED }, () => pool.create({ memoryBytes }));
  const before = process.memoryUsage.rss();
  const createMs: number[] = [];
  const made = Array.from({ length: isolates }, () => {
    const startedAt = performance.now();
    const isolate = pool.create({ memoryBytes });
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

async function measureScript({ code, count, pauseMs }: ScriptOptions): Promise<ScriptFigures> {
  configureGuestHeaps();
  const memoryLimit = memoryBytes / 1024 ** 2;
  const open = () => {
    const isolate = new ivm.Isolate({ memoryLimit });
    const context = isolate.createContextSync();
    context.evalSync('1');
    return { isolate, context };
  };
  const first = open();
  first.isolate.compileScriptSync(code).runSync(first.context);
  const { cachedData } = first.isolate.compileScriptSync(code, { produceCachedData: true }) as ivm.Script & {
    readonly cachedData: ivm.ExternalCopy<ArrayBuffer>;
  };
  const takenMs: number[] = [];
  for (const { isolate, context } of Array.from({ length: count }, open)) {
    await sleep(pauseMs);
    const startedAt = performance.now();
    isolate.compileScriptSync(code, { cachedData }).runSync(context);
    takenMs.push(performance.now() - startedAt);
    isolate.dispose();
  }
  first.isolate.dispose();
  return { count, p50Ms: median(takenMs), p99Ms: percentile(takenMs, 0.99) };
}

serveParent<IsolateCommands>({ measure: async () => measure(), measureScript }, async () => undefined);
