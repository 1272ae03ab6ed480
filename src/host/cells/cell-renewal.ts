import {
  type AdoptedMessage,
  type Clock,
  formatBytes,
  HairspringError,
  type Logger,
  type NatsEndpoint,
} from '../../core/index.ts';
import type { BoundCell } from './bound-cell.ts';
import type { CallerAnswers } from './caller-answers.ts';
import type { GroupFunctions } from './group-functions.ts';
import { MAX_KEPT_BYTES, StandIn } from './stand-in.ts';

export interface CellRenewalOptions {
  readonly namespace: string;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly functions: GroupFunctions;
  readonly answers: CallerAnswers;
  /** Gives messages that nobody has begun to the cell that serves the group. */
  readonly handOver: (messages: readonly AdoptedMessage[]) => Promise<void>;
}

/** Renews the credentials of a cell, which changes its connection for that; somebody listens all the time. */
export class CellRenewal {
  readonly #options: CellRenewalOptions;

  constructor(options: CellRenewalOptions) {
    this.#options = options;
  }

  /** To be called in a turn. Never rejects: the next time comes before the credentials expire. */
  async renew(bound: BoundCell): Promise<void> {
    const { functions, handOver, logger, namespace } = this.#options;
    try {
      const served = () => functions.served;
      await bound.renew(served, async (endpoint, change) => {
        const standIn = await this.#begin(bound, endpoint);
        try {
          await change();
        } finally {
          if (standIn !== undefined) await handOver(await standIn.end());
        }
      });
    } catch (error) {
      const { message } = HairspringError.from(error);
      logger.error('Credentials could not be renewed', { namespace, error: message });
    }
  }

  /** Undefined when there can be none: those credentials expire all the same. */
  async #begin({ cell }: BoundCell, endpoint: NatsEndpoint): Promise<StandIn | undefined> {
    const { functions, answers, nodeId, clock, logger, namespace } = this.#options;
    const refuse = (message: AdoptedMessage): void =>
      answers.send(message, noRoomError(functions.nameOf(message.functionId)));
    try {
      return await StandIn.begin(functions.served, { endpoint, cell, nodeId, clock, refuse });
    } catch (error) {
      const { message } = HairspringError.from(error);
      logger.warn('Nobody listens while a cell changes its connection', { namespace, error: message });
      return undefined;
    }
  }
}

function noRoomError(name: string = 'the function'): HairspringError {
  const detail = `its cell changes its connection, and ${formatBytes(MAX_KEPT_BYTES)} of messages wait for that`;
  return new HairspringError('HS_FUNCTION_OVERLOADED', `Cannot invoke ${name}: ${detail}`);
}
