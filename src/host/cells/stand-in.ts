import { NatsConnectionImpl } from '@nats-io/nats-core/internal';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '../../control/index.ts';
import {
  type AdoptedMessage,
  type FunctionSpec,
  hairspringSubjects,
  INVOKE_KEY,
  isSubjectTrigger,
  type NatsEndpoint,
  queueGroups,
  readHeaders,
  triggerKey,
} from '../../core/index.ts';

/** The messages would wait for the cell, and the cell for this. */
const CONNECT_TIMEOUT_MS = 2_000;
/** What is kept at the most. */
export const MAX_KEPT_BYTES = 64 * 1024 ** 2;
/** What a message takes beside its payload. */
const MESSAGE_BYTES = 512;

export interface StandInOptions {
  /** With the credentials that the cell gets. */
  readonly endpoint: NatsEndpoint;
  readonly cellId: string;
  readonly nodeId: string;
  /** Told of a message for which there is no room. */
  readonly refuse: (message: AdoptedMessage) => void;
}

/**
 * Listens in the place of a cell while that changes its connection, as one more member of its queue groups, and keeps
 * what comes for it.
 */
export class StandIn {
  readonly #nc: NatsConnection;
  readonly #refuse: (message: AdoptedMessage) => void;
  readonly #messages: AdoptedMessage[] = [];
  #bytes = 0;

  private constructor(nc: NatsConnection, refuse: (message: AdoptedMessage) => void) {
    this.#nc = nc;
    this.#refuse = refuse;
  }

  /** Resolves when it listens. @throws HS_NATS_… */
  static async begin(specs: readonly FunctionSpec[], options: StandInOptions): Promise<StandIn> {
    const { endpoint, cellId, nodeId, refuse } = options;
    const name = `hairspring stand-in for ${cellId}`;
    const nc = await connectNats(endpoint, { name, timeoutMs: CONNECT_TIMEOUT_MS, reconnect: false });
    const standIn = new StandIn(nc, refuse);
    for (const spec of specs) standIn.#listenFor(spec, nodeId);
    try {
      await nc.flush();
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
    await nc.flush().catch(() => undefined);
    await nc.close().catch(() => undefined);
    return this.#messages;
  }
}
