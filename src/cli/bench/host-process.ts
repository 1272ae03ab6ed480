/** A node in a process of its own, as in production. Started by `BenchSite.startHost`. */
import { createLogger, HairspringError, type NatsEndpoint, type WireError } from '../../core/index.ts';
import { type HostOptions, loadOperator, ownerEndpoint, startHost } from '../../host/index.ts';
import { childOptions, serveParent } from '../../measure/index.ts';

/** What a start came to: an error crosses the border of the process in its own form. */
export type StartedHost =
  | { readonly nodeId: string; readonly endpoint: NatsEndpoint; readonly httpPort: number }
  | { readonly error: WireError };

export type HostCommands = {
  readonly start: { readonly params: null; readonly result: StartedHost };
  /** Of the cells, those that serve before spares. */
  readonly cellPids: { readonly params: null; readonly result: readonly number[] };
};

export interface HostProcessOptions
  extends Pick<HostOptions, 'dataDir' | 'spareCells' | 'spareIsolates' | 'warmInstances'> {
  readonly url: string;
  /** Of the server's operator: an account for each namespace. */
  readonly operatorFile: string;
  readonly namespace: string;
}

/** What waits when a measurement is over was not asked for by anybody else. */
const DRAIN_GRACE_MS = 1_000;

const { url, operatorFile, namespace, ...options } = childOptions<HostProcessOptions>();
const logger = createLogger(
  ({ level, message, fields }) => process.stderr.write(`${level} ${message} ${JSON.stringify(fields)}\n`),
  'error',
);
const stack = new AsyncDisposableStack();
let cellPids = (): readonly number[] => [];

async function start(): Promise<StartedHost> {
  try {
    const operator = loadOperator(operatorFile);
    const nats = ownerEndpoint(operator.node, { servers: [url] }, 'node');
    const drainGraceMs = DRAIN_GRACE_MS;
    const http = { host: '127.0.0.1', port: 0, names: {}, ownNamespace: namespace };
    const host = stack.use(
      await startHost({ ...options, nats, operator, nodeName: 'bench', logger, drainGraceMs, http }),
    );
    cellPids = () => host.cellPids();
    return {
      nodeId: host.nodeId,
      endpoint: await host.namespaceEndpoint(namespace),
      httpPort: Number(new URL(host.httpUrl ?? '').port),
    };
  } catch (error) {
    return { error: HairspringError.from(error).toWire() };
  }
}

serveParent<HostCommands>({ start, cellPids: async () => cellPids() }, () => stack.disposeAsync());
