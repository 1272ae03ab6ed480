/** A node in a process of its own, as in production. */

import { createLogger } from '../src/core/index.ts';
import { type HostOptions, loadOperator, ownerEndpoint, startHost } from '../src/host/index.ts';
import { childOptions, serveParent } from '../src/measure/index.ts';

/** What the bench asks a host. */
export type HostCommands = {
  /** Of the cells, spares included. */
  readonly cellPids: { readonly params: null; readonly result: readonly number[] };
  /** Where it serves HTTP triggers, if it does. */
  readonly httpUrl: { readonly params: null; readonly result: string | null };
  /** Where it serves metrics, if it does. */
  readonly metricsUrl: { readonly params: null; readonly result: string | null };
};

export interface HostProcessOptions
  extends Pick<
    HostOptions,
    | 'dataDir'
    | 'http'
    | 'telemetry'
    | 'spareCells'
    | 'spareIsolates'
    | 'warmInstances'
    | 'warmMemoryBytes'
    | 'cellRssLimitBytes'
  > {
  readonly url: string;
  /** Of the server's operator, as in production: an account for each namespace. */
  readonly operatorFile: string;
  /** Lowest level of the log that is shown. */
  readonly logLevel: 'warn' | 'error';
}

const { url, operatorFile, logLevel, ...options } = childOptions<HostProcessOptions>();
const logger = createLogger(
  ({ level, message, fields }) => console.error(level, message, JSON.stringify(fields)),
  logLevel,
);
const operator = loadOperator(operatorFile);
const nats = ownerEndpoint(operator.node, { servers: [url] }, 'node');
const host = await startHost({ ...options, nats, operator, nodeName: 'bench', logger });
serveParent<HostCommands>(
  {
    cellPids: async () => host.cellPids(),
    httpUrl: async () => host.httpUrl ?? null,
    metricsUrl: async () => host.metricsUrl ?? null,
  },
  async () => await host[Symbol.asyncDispose](),
);
