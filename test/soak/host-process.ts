/** A node in a process of its own, which also says how long its event loop was held up. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createLogger } from '../../src/core/index.ts';
import { startHost } from '../../src/host/index.ts';
import { childOptions, serveParent } from '../../src/measure/index.ts';

export interface LoopLag {
  readonly p999Ms: number;
  readonly maxMs: number;
}

export type SoakHostCommands = {
  /** Of the cells, spares included. */
  readonly cellPids: { readonly params: null; readonly result: readonly number[] };
  /** Since it was last asked. */
  readonly loopLag: { readonly params: null; readonly result: LoopLag };
};

const { url, dataDir } = childOptions<{ readonly url: string; readonly dataDir: string }>();
const logger = createLogger(
  ({ level, message, fields }) => console.error(level, message, JSON.stringify(fields)),
  'warn',
);
const lag = monitorEventLoopDelay({ resolution: 5 });
const host = await startHost({ nats: { servers: [url] }, dataDir, nodeName: 'soak', spareCells: 1, logger });
lag.enable();
serveParent<SoakHostCommands>(
  {
    cellPids: async () => host.cellPids(),
    async loopLag() {
      const found = { p999Ms: lag.percentile(99.9) / 1e6, maxMs: lag.max / 1e6 };
      lag.reset();
      return found;
    },
  },
  async () => await host[Symbol.asyncDispose](),
);
