import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import {
  type Clock,
  HairspringError,
  type HostCall,
  type HostCaller,
  type HostCallResult,
  type HostService,
  type MessagingBinding,
  type PreparedBinding,
  timeoutHeader,
} from '../../core/index.ts';
import { checkSubject, isMessagingOperation, type MessagingOperation } from './grant.ts';
import { MESSAGING_LIMITS } from './limits.ts';
import { toMessagingError } from './provider-errors.ts';
import { FlowControl } from './provider-flow.ts';
import { outgoingHeaders } from './provider-headers.ts';

/** The messaging host service over the cell's own connection, which also names every reply subject. */
export function createMessagingService(nc: NatsConnection, clock: Clock): HostService<MessagingBinding> {
  const flow = new FlowControl(nc);
  return {
    name: 'messaging',
    prepare: (label, binding) => new MessagingGrant(label, binding, { nc, clock, flow }),
  };
}

interface Means {
  readonly nc: NatsConnection;
  readonly clock: Clock;
  readonly flow: FlowControl;
}

class MessagingGrant implements PreparedBinding {
  readonly #label: string;
  readonly #binding: MessagingBinding;
  readonly #means: Means;

  constructor(label: string, binding: MessagingBinding, means: Means) {
    this.#label = label;
    this.#binding = binding;
    this.#means = means;
  }

  async call({ op, args, payload = '' }: HostCall, caller: HostCaller): Promise<HostCallResult> {
    if (!isMessagingOperation(op)) {
      throw new HairspringError(
        'HS_HOST_CALL_INVALID',
        `Cannot call ${this.#label}.${op.slice(0, 100)}: messaging has no such operation`,
      );
    }
    const subject = checkSubject(this.#label, this.#binding, op, args[0]);
    const headers = outgoingHeaders(args[1], caller);
    const data = typeof payload === 'string' ? Buffer.from(payload) : payload;
    const limit = this.#means.nc.info?.max_payload ?? Number.POSITIVE_INFINITY;
    if (data.length > limit) {
      throw new HairspringError(
        'HS_MESSAGE_TOO_LARGE',
        `Cannot ${op} ${data.length} bytes to "${subject}": the server's max_payload is ${limit}`,
      );
    }
    try {
      await this.#means.flow.admit(data.length);
      if (caller.deadlineMs <= this.#means.clock.monotonicMs()) {
        throw new HairspringError(
          'HS_MESSAGING_UNAVAILABLE',
          `Cannot ${op} to "${subject}": the invocation ended before the server could take it`,
        );
      }
      if (op === 'request')
        return await this.#request(subject, data, headers, this.#waitMs(op, args[2], caller));
      this.#means.nc.publish(subject, data, headers.size() === 0 ? {} : { headers });
      return { value: null };
    } catch (error) {
      throw toMessagingError(error, `${op} to "${subject}"`);
    }
  }

  /** As long as was asked for, and never beyond the deadline of the invocation. */
  #waitMs(op: MessagingOperation, asked: unknown, { deadlineMs }: HostCaller): number {
    const wanted = asked === undefined ? MESSAGING_LIMITS.defaultTimeoutMs : asked;
    if (typeof wanted !== 'number' || wanted <= 0) {
      throw new HairspringError(
        'HS_HOST_CALL_INVALID',
        `Cannot ${op} with ${this.#label}: timeoutMs is not a number above 0`,
      );
    }
    const leftMs = deadlineMs - this.#means.clock.monotonicMs();
    return Math.max(1, Math.ceil(Math.min(wanted, leftMs)));
  }

  async #request(
    subject: string,
    data: Uint8Array,
    headers: MsgHdrs,
    timeout: number,
  ): Promise<HostCallResult> {
    // A function that answers need not work on after that.
    headers.set(...timeoutHeader(timeout, 0));
    const reply = await this.#means.nc.request(subject, data, { timeout, headers });
    const pairs: string[] = [];
    for (const [name, values] of reply.headers ?? []) for (const value of values) pairs.push(name, value);
    return { value: pairs, data: reply.data };
  }
}
