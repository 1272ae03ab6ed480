import { type FunctionSpec, HairspringError, type Logger } from '../../core/index.ts';
import type { GroupFunctions } from './group-functions.ts';
import type { Suspensions } from './suspensions.ts';

export interface GiveAwayOptions {
  readonly functions: GroupFunctions;
  readonly suspensions: Suspensions;
  readonly logger: Logger;
  /**
   * Takes over a function that kills cells, in a cell of its own. Undefined when it cannot or when this group is such
   * a cell: then the function stays here. Called within a turn, so it must not wait for one of this group.
   */
  readonly quarantine: (spec: FunctionSpec) => Promise<void> | undefined;
}

/** Gives away a function of a group, so that the cell that comes next does not serve it. */
export type GiveAway = (functionId: string) => void;

export function createGiveAway({ functions, suspensions, logger, quarantine }: GiveAwayOptions): GiveAway {
  return (functionId) => {
    const spec = functions.get(functionId);
    // It may have been deployed anew since: then nothing is held against it.
    if (spec === undefined || suspensions.sentenceOf(functionId) === undefined) return;
    const placed = quarantine(spec);
    if (placed === undefined) {
      suspensions.pardon(spec.id);
      return;
    }
    functions.delete(spec.id);
    placed.catch((error: unknown) => {
      const { message } = HairspringError.from(error);
      logger.error('A function could not be quarantined', { function: spec.name, error: message });
    });
  };
}
