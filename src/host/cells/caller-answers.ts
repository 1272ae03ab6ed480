import { MsgHdrsImpl } from '@nats-io/nats-core/internal';
import {
  errorBody,
  errorHeaderPairs,
  HairspringError,
  isForbiddenReply,
  isLiteralSubject,
  type Logger,
} from '../../core/index.ts';
import type { NamespaceAccess } from '../accounts/index.ts';
import { lostError } from './blame.ts';
import type { OpenCall } from './recovery.ts';
import type { Verdict } from './verdict.ts';

export interface CallerAnswersOptions {
  readonly namespace: string;
  readonly access: Pick<NamespaceAccess, 'nc'>;
  readonly logger: Logger;
}

/** Answers callers in the place of a dead cell. */
export class CallerAnswers {
  readonly #options: CallerAnswersOptions;

  constructor(options: CallerAnswersOptions) {
    this.#options = options;
  }

  /**
   * Never throws. The reply subject is what a journal says, which guest code may have written that broke
   * out of its isolate: the node's own connection must not carry it into JetStream.
   */
  send({ reply, functionId }: Pick<OpenCall, 'reply' | 'functionId'>, error: HairspringError): void {
    const { namespace, access, logger } = this.#options;
    if (!isLiteralSubject(reply) || isForbiddenReply(reply)) return;
    try {
      const headers = new MsgHdrsImpl();
      for (const [name, value] of errorHeaderPairs({ workloadId: functionId ?? '', namespace }, error))
        headers.append(name, value);
      access.nc.publish(reply, errorBody(error), { headers });
    } catch (cause) {
      const { message } = HairspringError.from(cause);
      logger.error('A caller could not be answered', { namespace, reply, error: message });
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
