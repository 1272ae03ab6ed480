import { type FunctionSpec, HairspringError, type Logger } from '../../core/index.ts';
import type { GroupFunctions } from './group-functions.ts';
import type { Suspensions } from './suspensions.ts';

export interface GiveAwayOptions {
  readonly functions: GroupFunctions;
  readonly suspensions: Suspensions;
  readonly logger: Logger;
  /**
   * Takes over a function that kills cells, in a cell of its own; returns undefined when it cannot, and then the
   * function stays here. Called within a turn, so it must not wait for one of this group. Undefined when this group is
   * such a cell.
   */
  readonly quarantine: ((spec: FunctionSpec) => Promise<void> | undefined) | undefined;
}

/**
 * Gives away the functions of a group that are sentenced to cells of their own, before it is read what one serves.
 * @returns resolves when all that were given away are served, or cannot be
 */
export type GiveAway = () => Promise<void>;

export function createGiveAway({ functions, suspensions, logger, quarantine }: GiveAwayOptions): GiveAway {
  const placing = new Set<Promise<void>>();
  return async () => {
    if (quarantine === undefined) return;
    for (const spec of functions.served) {
      if (suspensions.sentenceOf(spec.id) === undefined) continue;
      const placed = quarantine(spec);
      if (placed === undefined) {
        suspensions.pardon(spec.id);
        continue;
      }
      functions.delete(spec.id);
      const placement = placed
        .catch((error: unknown) => {
          const { message } = HairspringError.from(error);
          logger.error('A function could not be quarantined', { function: spec.name, error: message });
        })
        .finally(() => placing.delete(placement));
      placing.add(placement);
    }
    await Promise.all(placing);
  };
}
