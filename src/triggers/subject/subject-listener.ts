import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import {
  type FunctionSpec,
  HairspringError,
  type HeaderPairs,
  type Invocation,
  isLiteralSubject,
  isSubjectTrigger,
  type Outcome,
  queueGroups,
  type ReplySubjects,
  readHeaders,
  triggerKey,
} from '../../core/index.ts';
import { drainSubscriptions } from './drain-subscriptions.ts';
import { refuseSize } from './refuse-size.ts';
import { ReplyWriter } from './reply-writer.ts';
import { payloadText } from './whole-frames.ts';

/** A message that waits for its reply. */
export interface OpenReply {
  readonly reply: string;
  /** Where whoever keeps a list of them has put it; -1 while it is in none. */
  place: number;
}

/** One version of a function. */
export interface ListeningVersion {
  readonly spec: FunctionSpec;
  accept(invocation: Invocation): void;
}

/** Where a listener's messages go, and who is told about their replies. */
export interface ReplyTarget {
  accept(invocation: Invocation): void;
  /** A message that waits for a reply has come in. */
  received(open: OpenReply): void;
  /** The caller has been answered. */
  answered(open: OpenReply): void;
  /** A reply subject was named at which nobody is answered. */
  refusedReply(reply: string): void;
}

export interface SubjectListenerOptions {
  readonly nc: NatsConnection;
  readonly target: ReplyTarget;
  readonly replySubjects: ReplySubjects;
  readonly nodeId: string;
}

interface Listening {
  readonly key: string;
  /** The subject of every message, when the trigger has no wildcard; decoding it each time costs. */
  readonly literal: string | undefined;
  readonly subscription: Subscription;
  triggerIndex: number;
  /** The last version that has the trigger, when no later one has; undefined: the one of the moment. */
  last: ListeningVersion | undefined;
}

/** One message of a subject trigger. */
class SubjectInvocation implements Invocation, OpenReply {
  triggerIndex: number;
  readonly subject: string;
  readonly reply: string;
  readonly headers: HeaderPairs | undefined;
  readonly data: Uint8Array;
  readonly text: string | undefined;
  place = -1;
  readonly #writer: ReplyWriter;
  readonly #target: ReplyTarget;

  constructor(
    triggerIndex: number,
    subject: string,
    reply: string,
    headers: HeaderPairs | undefined,
    data: Uint8Array,
    text: string | undefined,
    writer: ReplyWriter,
    target: ReplyTarget,
  ) {
    this.triggerIndex = triggerIndex;
    this.subject = subject;
    this.reply = reply;
    this.headers = headers;
    this.data = data;
    this.text = text;
    this.#writer = writer;
    this.#target = target;
  }

  succeed(outcome: Outcome): void {
    if (this.reply === '') return;
    this.#writer.succeed(this.reply, outcome);
    this.#target.answered(this);
  }

  fail(error: HairspringError): void {
    if (this.reply === '') return;
    this.#writer.fail(this.reply, error);
    this.#target.answered(this);
  }
}

/**
 * Listens on the subjects of one function. A new version takes over the subscriptions that it shares
 * with the old one, so that no message falls between the two.
 */
export class SubjectListener {
  readonly #nc: NatsConnection;
  readonly #target: ReplyTarget;
  readonly #replySubjects: ReplySubjects;
  readonly #nodeId: string;
  #spec: FunctionSpec;
  #writer: ReplyWriter;
  #listening: Listening[] = [];
  #released: Promise<void> = Promise.resolve();

  constructor(options: SubjectListenerOptions, spec: FunctionSpec) {
    this.#nc = options.nc;
    this.#target = options.target;
    this.#replySubjects = options.replySubjects;
    this.#nodeId = options.nodeId;
    this.#spec = spec;
    this.#writer = this.#writerFor(spec);
  }

  #writerFor(spec: FunctionSpec): ReplyWriter {
    return new ReplyWriter(this.#nc, { workloadId: spec.id, namespace: spec.namespace });
  }

  /** Resolves when nothing more comes for triggers that the last update has dropped. */
  get released(): Promise<void> {
    return this.#released;
  }

  /** One on which the server does not let it listen. Known when the server has answered what came after `update`. */
  get refusedSubject(): string | undefined {
    return this.#listening.find(({ subscription }) => subscription.isClosed())?.subscription.getSubject();
  }

  /**
   * Subscribes what `spec` listens on and is not subscribed yet, and drops the rest.
   * @param last runs what is on its way for triggers that are dropped
   * @returns subscription ids in the order of the triggers, 0 for one that is none of a subject
   */
  update(spec: FunctionSpec, last?: ListeningVersion): readonly number[] {
    this.#spec = spec;
    this.#writer = this.#writerFor(spec);
    const before = this.#listening;
    this.#listening = spec.triggers.flatMap((trigger, triggerIndex) => {
      if (!isSubjectTrigger(trigger)) return [];
      const queue = queueGroups.trigger(spec, trigger, this.#nodeId);
      const key = triggerKey(trigger);
      const kept = before.find((one) => one.key === key && !one.subscription.isClosed());
      if (kept === undefined) return this.#subscribe(key, trigger.subject, queue, triggerIndex);
      kept.triggerIndex = triggerIndex;
      return kept;
    });
    const dropped = before.filter((listening) => !this.#listening.includes(listening));
    for (const listening of dropped) listening.last = last;
    this.#released = drainSubscriptions(
      this.#nc,
      dropped.map(({ subscription }) => subscription),
    );
    const sids = new Map(
      this.#listening.map(({ triggerIndex, subscription }) => [triggerIndex, subscription.getID()]),
    );
    return spec.triggers.map((_trigger, triggerIndex) => sids.get(triggerIndex) ?? 0);
  }

  #subscribe(key: string, subject: string, queue: string, triggerIndex: number): Listening {
    const subscription = this.#nc.subscribe(subject, {
      queue,
      callback: (error, message) => {
        if (error !== null) return;
        try {
          this.#onMessage(message, listening);
        } catch {
          // What is thrown here would end the read loop of the connection for all functions.
        }
      },
    });
    const literal = isLiteralSubject(subject) ? subject : undefined;
    const listening: Listening = { key, literal, subscription, triggerIndex, last: undefined };
    return listening;
  }

  #onMessage(message: Msg, listening: Listening): void {
    const { pairs, bytes } = readHeaders(message);
    const subject = listening.literal ?? message.subject;
    const text = payloadText(message);
    const { triggerIndex, last } = listening;
    this.deliver(triggerIndex, subject, message.reply ?? '', pairs, message.data, bytes, text, last);
  }

  /**
   * Hands a message to the function; also one that came by the invoke subject or from a dead cell.
   * An error on the way is told to the caller and not thrown: the messages behind this one go on.
   * @param headerBytes size of the header block, which counts toward the function's payload limit
   * @param text the payload as text, where that is known
   * @param version that is to run it, if it is not the one of the moment
   */
  deliver(
    triggerIndex: number,
    subject: string,
    reply: string,
    headers: HeaderPairs | undefined,
    data: Uint8Array,
    headerBytes: number = 0,
    text?: string,
    version?: ListeningVersion,
  ): void {
    let answerTo = reply;
    if (this.#replySubjects.refuses(reply)) {
      this.#target.refusedReply(reply);
      answerTo = '';
    }
    const invocation = new SubjectInvocation(
      triggerIndex,
      subject,
      answerTo,
      headers,
      data,
      text,
      this.#writer,
      this.#target,
    );
    try {
      if (answerTo !== '') this.#target.received(invocation);
      const refusal =
        headerBytes === 0 ? undefined : refuseSize(version?.spec ?? this.#spec, headerBytes, data.length);
      if (refusal === undefined) (version ?? this.#target).accept(invocation);
      else invocation.fail(refusal);
    } catch (cause) {
      this.#failQuietly(invocation, cause);
    }
  }

  /** Answers a message that no trigger of the function is for. */
  refuse(reply: string, error: HairspringError): void {
    if (reply === '') return;
    if (this.#replySubjects.refuses(reply)) {
      this.#target.refusedReply(reply);
      return;
    }
    const open: OpenReply = { reply, place: -1 };
    this.#target.received(open);
    this.#writer.fail(reply, error);
    this.#target.answered(open);
  }

  #failQuietly(invocation: SubjectInvocation, cause: unknown): void {
    try {
      const message = `Cannot invoke ${this.#spec.name}: the message could not be taken`;
      invocation.fail(new HairspringError('HS_INTERNAL', message, { cause }));
    } catch {
      // The connection or the journal is gone, and with them the way to tell anybody.
    }
  }

  /** Gives up its subscriptions, for the caller to drain; what they have received is still handed over. */
  release(): readonly Subscription[] {
    const released = this.#listening.map(({ subscription }) => subscription);
    this.#listening = [];
    return released;
  }
}
