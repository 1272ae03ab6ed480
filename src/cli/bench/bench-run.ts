import { REPLY_HEADERS } from '../../core/index.ts';
import { type Child, type LoadProcessCommands, startLoadProcess } from '../../measure/index.ts';
import type { PreparedFunction } from '../deploy/prepare.ts';
import type { CommandContext } from '../shell/command.ts';
import { type ControlConnection, connectTo } from '../shell/connection.ts';
import { childSettings } from './child-settings.ts';
import type { BenchPlan } from './plan.ts';
import type { BenchHost, BenchSite, HostSettings } from './site.ts';
import type { Strays } from './strays.ts';

/** What is sent in every request. */
export interface BenchRequest {
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly to: MessagesTo | HttpTo;
}

/** Requests are messages. */
export interface MessagesTo {
  readonly transport: 'nats';
  /** Where they go, or what they stand for; undefined for a function without triggers. */
  readonly subject: string | undefined;
}

/** Requests come in by the node's HTTP listener. */
export interface HttpTo {
  readonly transport: 'http';
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** That the function answered when it was tried out, and is to answer ever after. */
  readonly status: number;
}

/** What all measurements of a run share. */
export interface BenchRun {
  readonly context: CommandContext;
  readonly site: BenchSite;
  readonly prepared: PreparedFunction;
  readonly request: BenchRequest;
  readonly plan: BenchPlan;
  /** Errors that were let pass. */
  readonly strays: Strays;
  /** Tells what goes on, in a line. */
  readonly progress: (text: string) => void;
  /** What `work` comes to; rejects at once when the run is interrupted or its server ends. */
  readonly unlessOver: <T>(work: Promise<T>) => Promise<T>;
}

export type Generator = Child<LoadProcessCommands>;

/** A node, a connection to it, and a process that sends requests. Disposing stops all. */
export interface Stage extends AsyncDisposable {
  readonly host: BenchHost;
  readonly connection: ControlConnection;
  readonly generator: Generator;
}

/** Longer than a function may take, so that it is the node that ends what takes too long. */
export const PATIENCE_MS = 2_000;

export async function openStage(run: BenchRun, settings: HostSettings): Promise<Stage> {
  const { context, site, prepared, request, unlessOver } = run;
  await using stack = new AsyncDisposableStack();
  const host = stack.use(await unlessOver(site.startHost(settings)));
  const connection = stack.use(await connectTo(host.endpoint, context.options, false));
  const { servers, creds } = host.endpoint;
  const generator = stack.use(
    await startLoadProcess(
      {
        servers,
        creds,
        payloadBase64: Buffer.from(request.payload).toString('base64'),
        errorHeaders: [REPLY_HEADERS.code, REPLY_HEADERS.serviceErrorCode],
        timeoutMs: prepared.manifest.start.limits.timeoutMs + PATIENCE_MS,
      },
      childSettings(context),
    ),
  );
  const owned = stack.move();
  return { host, connection, generator, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
