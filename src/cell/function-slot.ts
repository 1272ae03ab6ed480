import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { type ReplySubjects, refusedReplyText, Seldom } from '../core/index.ts';
import type { FunctionRunner, RunnerDependencies } from '../runtime/index.ts';
import { type ReplyTarget, SubjectListener } from '../triggers/index.ts';
import { type InvokedFunction, listenForInvokes } from './invoke-listener.ts';

/** What a function listens on, as NATS subscription ids. */
export interface ActiveSids {
  /** One per trigger, in their order. */
  readonly triggers: readonly number[];
  readonly invoke: number;
}

export interface FunctionSlotOptions {
  readonly nc: NatsConnection;
  readonly runtime: Pick<RunnerDependencies, 'clock' | 'observer'>;
  readonly replies: Omit<ReplyTarget, 'accept'>;
  readonly replySubjects: ReplySubjects;
  readonly nodeId: string;
}

/** A deployed function in a cell: what it listens on, and its version of the moment. */
export class FunctionSlot implements InvokedFunction {
  readonly listener: SubjectListener;
  readonly #nc: NatsConnection;
  #runner: FunctionRunner;
  #invokes: Subscription;

  constructor(runner: FunctionRunner, { nc, runtime, replies, replySubjects, nodeId }: FunctionSlotOptions) {
    const refusals = new Seldom(runtime.clock);
    const target: ReplyTarget = {
      ...replies,
      accept: (invocation) => this.#runner.accept(invocation),
      refusedReply: (reply) => {
        replies.refusedReply(reply);
        const before = refusals.take();
        if (before === undefined) return;
        runtime.observer.onLog(this.#runner.spec, 'warn', refusedReplyText(reply, before));
      },
    };
    this.listener = new SubjectListener({ nc, target, replySubjects, nodeId }, runner.spec);
    this.#nc = nc;
    this.#runner = runner;
    this.#invokes = listenForInvokes(nc, this);
  }

  get runner(): FunctionRunner {
    return this.#runner;
  }

  /** Listens for a version, in the place of `previous` if there is one. */
  activate(runner: FunctionRunner, previous: FunctionRunner | undefined): ActiveSids {
    this.#runner = runner;
    if (this.#invokes.isClosed()) this.#invokes = listenForInvokes(this.#nc, this);
    return { triggers: this.listener.update(runner.spec, previous), invoke: this.#invokes.getID() };
  }

  /** Where the server does not let it listen, if that is so. Known when the server has answered. */
  get refusedSubject(): string | undefined {
    const byName = this.#invokes.isClosed() ? this.#invokes.getSubject() : undefined;
    return this.listener.refusedSubject ?? byName;
  }

  /** It is to listen no more. @returns its subscriptions, which are to be drained */
  release(): readonly Subscription[] {
    return [...this.listener.release(), this.#invokes];
  }
}
