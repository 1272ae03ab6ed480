import {
  HairspringError,
  type HostCall,
  type HostCallResult,
  type PreparedBinding,
} from '../../core/index.ts';
import { KeyCache } from './keys.ts';
import { type CryptoLane, CryptoLanes } from './lanes.ts';
import { type CryptoOperation, OPERATIONS } from './operations.ts';
import { toFailure, toReply } from './reply.ts';
import { readRequest } from './request.ts';

/** Of all functions in this process, which share its worker threads. */
const LANES = new CryptoLanes();

/**
 * `crypto.subtle` of one function: computes on the function's own bytes and reaches nothing outside, so
 * it needs no grant. The keys are the guest's and come with each call.
 * @param maxWaitMs how long a call may wait for its turn
 */
export function prepareCrypto(maxWaitMs: number): PreparedBinding {
  const lane = LANES.createLane(maxWaitMs);
  const keys = new KeyCache();
  return {
    call(call, caller) {
      const operation = Object.hasOwn(OPERATIONS, call.op) ? OPERATIONS[call.op] : undefined;
      if (operation === undefined) {
        return Promise.reject(
          new HairspringError(
            'HS_HOST_CALL_INVALID',
            `Cannot call crypto.subtle.${call.op.slice(0, 40)}: there is no such method`,
          ),
        );
      }
      return operate(operation, call, lane, keys, caller.id);
    },
    abandoned: (callerId) => lane.abandoned(callerId),
  };
}

function operate(
  operation: CryptoOperation,
  { args, payload }: HostCall,
  lane: CryptoLane,
  keys: KeyCache,
  callerId: number,
): Promise<HostCallResult> {
  const work = async (): Promise<HostCallResult> => {
    try {
      return toReply(await operation(readRequest(args[0], payload), keys));
    } catch (error) {
      if (error instanceof HairspringError) throw error;
      return toFailure(error);
    }
  };
  return lane.run(payload?.length ?? 0, work, callerId);
}
