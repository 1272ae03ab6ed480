import { NatsConnectionImpl } from '@nats-io/nats-core/internal';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '../../control/index.ts';
import {
  type AdoptedMessage,
  type Clock,
  type FunctionSpec,
  hairspringSubjects,
  INVOKE_KEY,
  isSubjectTrigger,
  type NatsEndpoint,
  orLate,
  queueGroups,
  readHeaders,
  triggerKey,
} from '../../core/index.ts';
import type { CellProcess } from './cell-process.ts';

/** The messages would wait for the cell, and the cell for this. */
const CONNECT_TIMEOUT_MS = 2_000;
/** The server has what it was told by then, or is away. */
const FLUSH_MS = 1_000;
/** What is kept at the most. */
export const MAX_KEPT_BYTES = 64 * 1024 ** 2;
/** What a message takes beside its payload. */
const MESSAGE_BYTES = 512;

export interface StandInOptions {
  /** With the credentials that the cell gets. */
  readonly endpoint: NatsEndpoint;
  /** The one that changes its connection. */
  readonly cell: Pick<CellProcess, 'id' | 'whileAlive'>;
  readonly nodeId: string;
  readonly clock: Clock;
  /** Told of a message for which there is no room. */
  readonly refuse: (message: AdoptedMessage) => void;
}

/**
 * Listens in the place of a cell while that changes its connection, as one more member of its queue groups, and keeps
 * what comes for it.
 */
export class StandIn {
  readonly #nc: NatsConnection;
  readonly #clock: Clock;
  readonly #refuse: (message: AdoptedMessage) => void;
  readonly #messages: AdoptedMessage[] = [];
  #bytes = 0;

  private constructor(nc: NatsConnection, { clock, refuse }: StandInOptions) {
    this.#nc = nc;
    this.#clock = clock;
    this.#refuse = refuse;
  }

  /** Resolves when it listens. @throws HS_NATS_…, HS_CELL_LOST as soon as the cell dies before it is connected */
  static async begin(specs: readonly FunctionSpec[], options: StandInOptions): Promise<StandIn> {
    const { endpoint, cell, clock, nodeId } = options;
    const name = `hairspring stand-in for ${cell.id}`;
    const connecting = connectNats(endpoint, { name, timeoutMs: CONNECT_TIMEOUT_MS, reconnect: false });
    const nc = await cell.whileAlive(connecting).catch((error: unknown) => {
      connecting.then((late) => late.close()).catch(() => undefined);
      throw error;
    });
    const standIn = new StandIn(nc, options);
    for (const spec of specs) standIn.#listenFor(spec, nodeId);
    try {
      await orLate(nc.flush(), clock, FLUSH_MS);
    } catch (error) {
      await nc.close();
      throw error;
    }
    return standIn;
  }

  #listenFor(spec: FunctionSpec, nodeId: string): void {
    for (const trigger of spec.triggers) {
      if (!isSubjectTrigger(trigger)) continue;
      this.#subscribe(trigger.subject, queueGroups.trigger(spec, trigger, nodeId), {
        functionId: spec.id,
        triggerKey: triggerKey(trigger),
      });
    }
    const invokes = hairspringSubjects.invoke(spec.namespace, spec.name);
    this.#subscribe(invokes, queueGroups.invoke(spec), { functionId: spec.id, triggerKey: INVOKE_KEY });
  }

  #subscribe(
    subject: string,
    queue: string,
    target: Pick<AdoptedMessage, 'functionId' | 'triggerKey'>,
  ): void {
    this.#nc.subscribe(subject, {
      queue,
      // A subject that is refused to the cell as well.
      callback: (error, message) => {
        if (error === null) this.#keep(message, target);
      },
    });
  }

  #keep(message: Msg, target: Pick<AdoptedMessage, 'functionId' | 'triggerKey'>): void {
    const { pairs = [], bytes } = readHeaders(message);
    const kept: AdoptedMessage = {
      ...target,
      subject: message.subject,
      reply: message.reply ?? '',
      headers: pairs,
      data: message.data.slice(),
    };
    this.#bytes += bytes + kept.data.length + MESSAGE_BYTES;
    if (this.#bytes <= MAX_KEPT_BYTES) this.#messages.push(kept);
    else this.#refuse(kept);
  }

  /** Listens no more. @returns what has come; nobody has begun any of it. Never rejects */
  async end(): Promise<readonly AdoptedMessage[]> {
    const nc = this.#nc;
    // The library asks the server once for each subscription that it ends, and this once for all.
    if (nc instanceof NatsConnectionImpl)
      for (const one of nc.protocol.subscriptions.all()) nc.protocol.unsub(one);
    // The server's answer comes behind all messages.
    await orLate(nc.flush(), this.#clock, FLUSH_MS).catch(() => undefined);
    await nc.close().catch(() => undefined);
    return this.#messages;
  }
}
