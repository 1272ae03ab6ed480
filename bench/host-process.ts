/** A node in a process of its own, as in production. */
import { createLogger } from '../src/core/index.ts';
import { type HostOptions, startHost } from '../src/host/index.ts';
import { childOptions, serveParent } from './process/serve-parent.ts';

/** What the bench asks a host. */
export type HostCommands = {
  /** Of the cells, spares included. */
  readonly cellPids: { readonly params: null; readonly result: readonly number[] };
};

export interface HostProcessOptions
  extends Pick<HostOptions, 'dataDir' | 'spareCells' | 'spareIsolates' | 'warmInstances'> {
  readonly url: string;
  /** Lowest level of the log that is shown. */
  readonly logLevel: 'warn' | 'error';
}

const { url, logLevel, ...options } = childOptions<HostProcessOptions>();
const logger = createLogger(
  ({ level, message, fields }) => console.error(level, message, JSON.stringify(fields)),
  logLevel,
);
const host = await startHost({ ...options, nats: { servers: [url] }, nodeName: 'bench', logger });
serveParent<HostCommands>(
  { cellPids: async () => host.cellPids() },
  async () => await host[Symbol.asyncDispose](),
);
