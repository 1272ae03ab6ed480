/** A real host with a real nats-server for a test, and quick ways to deploy to it and to ask it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  type ControlClient,
  createControlClient,
  putArtifact,
  type StartWorkloadResponse,
} from '../../src/control/index.ts';
import { createLogger, formatDuration, type LogRecord, parseDuration } from '../../src/core/index.ts';
import {
  loadOperator,
  type Operator,
  ownerEndpoint,
  writeServerConfig,
} from '../../src/host/accounts/index.ts';
import { wrapBytes, wrapScript } from '../../src/host/bundle/index.ts';
import { artifactUri, type HostOptions, type RunningHost, startHost } from '../../src/host/index.ts';
import { type Answer, type AskOptions, ask } from './load.ts';
import { connectTo, startTestNats, type TestNats } from './nats.ts';

export interface TestHostOptions extends Partial<Omit<HostOptions, 'nats' | 'logger' | 'operator'>> {
  /** Whether each namespace has an account; whoever connects without credentials is in that of "default". @default false */
  readonly accounts?: boolean;
  /** A server that is kept at the end. @default one of its own, stopped at the end */
  readonly nats?: TestNats;
  /** @default 1,000: a `cpu` of 1s, as tests have it, is to change nothing else */
  readonly inlineCpuMs?: number;
  /** A cell costs half a second of CPU, and few tests are about spare ones. @default 0 */
  readonly spareCells?: number;
}

export type TestTrigger =
  | { readonly subject: string; readonly fanout?: boolean }
  | { readonly http: { readonly route: string; readonly methods?: readonly string[] } };

/** A function as a Nexfile's `start_request` has it, with its code as text. */
export interface TestFunction {
  readonly name: string;
  /** What the request says that it is. @default what its code is */
  readonly type?: 'javascript' | 'wasm';
  /** One ES module that imports nothing, or the binary of a WebAssembly function. */
  readonly code: string | Uint8Array;
  /** @default its name */
  readonly triggers?: readonly (string | TestTrigger)[];
  /** @default the product's, with a `cpu` of 1s: it is measured on the wall clock, and test machines are busy */
  readonly limits?: Readonly<Record<string, string | number>>;
  readonly bindings?: Readonly<Record<string, object>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** @default "default" */
  readonly namespace?: string;
  /** @default the node of the TestHost; else any node that bids, which takes a moment longer */
  readonly nodeId?: string;
}

export interface TestHost extends AsyncDisposable {
  readonly nats: TestNats;
  readonly host: RunningHost;
  /** Undefined without accounts. */
  readonly operator: Operator | undefined;
  /** A plain client, as somebody outside has it. */
  readonly nc: NatsConnection;
  readonly dataDir: string;
  /** What the host has logged so far. */
  readonly logs: readonly LogRecord[];
  /** @default the namespace "default" */
  client(namespace?: string): ControlClient;
  deploy(definition: TestFunction): Promise<StartWorkloadResponse>;
  /** Sends a request; what becomes of it is in the answer. */
  ask(subject: string, payload?: string | Uint8Array, options?: AskOptions): Promise<Answer>;
}

/** Starts a host; disposing stops it and removes what was not given in `options`. */
export async function startTestHost(options: TestHostOptions = {}): Promise<TestHost> {
  const { nats: givenNats, dataDir: givenDir, accounts = false, ...hostOptions } = options;
  await using stack = new AsyncDisposableStack();
  const dataDir = givenDir ?? (await mkdtemp(join(tmpdir(), 'hairspring-host-')));
  if (givenDir === undefined) stack.defer(() => rm(dataDir, { recursive: true, force: true, maxRetries: 3 }));
  const operator = accounts ? loadOperator(join(dataDir, 'keys', 'operator.seed')) : undefined;
  const extraArguments =
    operator === undefined
      ? []
      : [
          '--config',
          writeServerConfig({ dir: join(dataDir, 'keys'), operator, anonymousNamespace: 'default' }),
        ];
  const nats = givenNats ?? stack.use(await startTestNats({ extraArguments }));
  const endpoint = { servers: [nats.url] };
  const logs: LogRecord[] = [];
  const logger = createLogger((record) => logs.push(record), 'debug');
  const nc = await connectTo(nats, { maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  stack.defer(() => nc.close());
  const host = stack.use(
    await startHost({
      nats: operator === undefined ? endpoint : ownerEndpoint(operator.node, endpoint, 'node'),
      operator,
      dataDir,
      nodeName: 'test',
      logger,
      spareCells: 0,
      inlineCpuMs: 1_000,
      ...hostOptions,
    }),
  );
  const owned = stack.move();
  const client = (namespace = 'default'): ControlClient => createControlClient(nc, { namespace });
  return {
    nats,
    host,
    operator,
    nc,
    dataDir,
    logs,
    client,
    deploy: (definition) =>
      deployTo(nc, client(definition.namespace), { nodeId: host.nodeId, ...definition }),
    ask: (subject, payload, askOptions) => ask(nc, subject, payload, askOptions),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Bundles and deploys; for a host that is not this process. */
export async function deployTo(
  nc: NatsConnection,
  client: ControlClient,
  definition: TestFunction,
): Promise<StartWorkloadResponse> {
  const { name, code, triggers = [name], limits = {}, bindings = {}, environment = {}, nodeId } = definition;
  const bundle = typeof code === 'string' ? await wrapScript(code, `${name}.mjs`) : wrapBytes(code);
  await putArtifact(nc, bundle.digest, bundle.bytes);
  const request = {
    name,
    description: '',
    workload_type: definition.type ?? bundle.artifact.type,
    workload_lifecycle: 'function',
    tags: {},
    run_request: JSON.stringify({
      uri: artifactUri(bundle.digest),
      triggers: triggers.map((trigger) => (typeof trigger === 'string' ? { subject: trigger } : trigger)),
      bindings,
      environment,
      limits: { cpu: calmCpu(limits['timeout']), ...limits },
    }),
  };
  return await client.deploy(request, nodeId === undefined ? {} : { nodeId });
}

/** As much as the tests' machines need, and no more than `timeout`. */
function calmCpu(timeout: string | number = '1s'): string {
  return formatDuration(Math.min(1_000, parseDuration(String(timeout))));
}

/** The code of a module whose handler has this body; `msg`, `env` and `ctx` are in its scope. */
export function handler(body: string): string {
  return `export default { async message(msg, env, ctx) { ${body} } };`;
}

/** Whether a process is there and not a zombie of one. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
