import type { MsgHdrs } from '@nats-io/nats-core';
import { MsgHdrsImpl } from '@nats-io/nats-core/internal';
import {
  errorBody,
  errorHeaderPairs,
  HairspringError,
  isLiteralSubject,
  type Logger,
  type ReplySubjects,
} from '../../core/index.ts';
import type { NamespaceAccess } from '../accounts/index.ts';
import { lostError } from './blame.ts';
import type { OpenCall } from './told.ts';
import type { Verdict } from './verdict.ts';

export interface CallerAnswersOptions {
  readonly namespace: string;
  readonly access: Pick<NamespaceAccess, 'nc'>;
  readonly logger: Logger;
  readonly replySubjects: ReplySubjects;
}

interface Answer {
  readonly reply: string;
  readonly body: string;
  readonly headers: MsgHdrs;
}

/** Answers callers in the place of a dead cell. */
export class CallerAnswers {
  readonly #options: CallerAnswersOptions;
  /** Given to the connection; the server may not have them. */
  #unconfirmed: Answer[] = [];
  #confirming = false;
  #confirmed: Promise<void> = Promise.resolve();

  constructor(options: CallerAnswersOptions) {
    this.#options = options;
  }

  /**
   * Never throws. The reply subject is what a journal says, which guest code may have written that broke
   * out of its isolate: the node's own connection must not carry it anywhere that callers may not have us write.
   */
  send({ reply, functionId }: Pick<OpenCall, 'reply' | 'functionId'>, error: HairspringError): void {
    const { namespace, replySubjects } = this.#options;
    if (!isLiteralSubject(reply) || replySubjects.refuses(reply)) return;
    try {
      const headers = new MsgHdrsImpl();
      for (const [name, value] of errorHeaderPairs({ workloadId: functionId ?? '', namespace }, error))
        headers.append(name, value);
      this.#publish({ reply, body: errorBody(error), headers });
    } catch (cause) {
      this.#noteUnanswered(reply, cause);
    }
  }

  #noteUnanswered(reply: string, cause: unknown): void {
    const { namespace, logger } = this.#options;
    const { message } = HairspringError.from(cause);
    logger.error('A caller could not be answered', { namespace, reply, error: message });
  }

  #publish(answer: Answer): void {
    const { reply, body, headers } = answer;
    this.#options.access.nc.publish(reply, body, { headers });
    this.#unconfirmed.push(answer);
    if (!this.#confirming) this.#confirmed = this.#confirm();
  }

  /** Resolves when the server has all answers, or cannot have them any more. */
  async settled(): Promise<void> {
    await this.#confirmed;
  }

  /** The client forgets what it has not sent with each of its attempts to connect. */
  async #confirm(): Promise<void> {
    this.#confirming = true;
    while (this.#unconfirmed.length > 0) {
      const given = this.#unconfirmed;
      this.#unconfirmed = [];
      try {
        await this.#options.access.nc.flush();
      } catch {
        // It has forgotten as well what it was given behind this flush.
        const behind = this.#unconfirmed.splice(0);
        for (const answer of [...given, ...behind]) this.#publishAgain(answer);
      }
    }
    this.#confirming = false;
  }

  #publishAgain(answer: Answer): void {
    try {
      this.#publish(answer);
    } catch (cause) {
      // The connection is closed for good.
      this.#noteUnanswered(answer.reply, cause);
    }
  }

  /** Tells the callers of what had begun in a dead cell. */
  sendBegun(calls: readonly OpenCall[], { guiltyId, error }: Verdict): void {
    for (const call of calls) {
      const guilty = guiltyId !== undefined && call.functionId === guiltyId;
      this.send(call, guilty ? error : lostError());
    }
  }
}
