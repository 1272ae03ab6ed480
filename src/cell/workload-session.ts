import type { NatsConnection } from '@nats-io/transport-node';
import {
  type Clock,
  HairspringError,
  type HostCall,
  type HostCaller,
  type HostCallResult,
  type HostService,
  orLate,
  type PreparedBinding,
  type ServiceBinding,
} from '../core/index.ts';

/** How long what is under way holds up the end of a connection: a little more than a service waits for an answer. */
export const SETTLE_MS = 6_000;

export type Services = Readonly<Partial<Record<ServiceBinding['service'], HostService>>>;

/** Resolves when none of the services gives anything back any more. */
export async function settled(services: Services): Promise<void> {
  await Promise.all(Object.values(services).map((service) => service.settled?.()));
}

/** One connection of a function while it lasts, and the bindings that are served over it. */
export class WorkloadSession {
  readonly nc: NatsConnection;
  readonly #services: Services;
  readonly #bindings = new Map<string, PreparedBinding>();
  readonly #clock: Clock;
  #callsUnderWay = 0;
  /** How many calls of each caller are under way; who has ended without any is not among them. */
  readonly #callers = new Map<number, number>();
  #quiet = Promise.withResolvers<void>();

  constructor(
    nc: NatsConnection,
    services: Services,
    bindings: ReadonlyMap<string, ServiceBinding>,
    clock: Clock,
  ) {
    this.nc = nc;
    this.#services = services;
    this.#clock = clock;
    for (const [label, binding] of bindings) {
      const prepared = services[binding.service]?.prepare(label, binding);
      if (prepared !== undefined) this.#bindings.set(label, prepared);
    }
  }

  async call(label: string, call: HostCall, caller: HostCaller): Promise<HostCallResult> {
    const binding = this.#bindings.get(label);
    if (binding === undefined)
      throw new HairspringError('HS_INTERNAL', `Cannot call ${label}: no service of this cell serves it`);
    this.#callsUnderWay += 1;
    this.#count(caller.id, 1);
    try {
      return await binding.call(call, caller);
    } finally {
      this.#callsUnderWay -= 1;
      this.#count(caller.id, -1);
      if (this.#callsUnderWay === 0) this.#quiet.resolve();
    }
  }

  /** Whether a call goes on with something that is open over this connection. */
  holds(label: string, call: HostCall): boolean {
    return this.#bindings.get(label)?.holds?.(call) === true;
  }

  #count(callerId: number, change: 1 | -1): void {
    this.#callers.set(callerId, (this.#callers.get(callerId) ?? 0) + change);
  }

  ended(label: string, callerId: number): void {
    this.#forget(callerId);
    this.#bindings.get(label)?.ended?.(callerId);
  }

  /** For all of its bindings. */
  endedAll(callerId: number): void {
    this.#forget(callerId);
    for (const binding of this.#bindings.values()) binding.ended?.(callerId);
  }

  /** What a call that is under way opens is to be released later. */
  #forget(callerId: number): void {
    if (this.#callers.get(callerId) === 0) this.#callers.delete(callerId);
  }

  /** Closes the connection once nothing goes on over it any more, within `withinMs` at the latest. */
  async close(withinMs: number = SETTLE_MS): Promise<void> {
    await orLate(Promise.race([this.#settled(), this.nc.closed()]), this.#clock, withinMs);
    await this.nc.close();
  }

  async #settled(): Promise<void> {
    while (this.#callsUnderWay > 0) {
      this.#quiet = Promise.withResolvers();
      await this.#quiet.promise;
      // What waited for the last of them begins now.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    // Of calls that were done after their invocations nobody is left to tell.
    for (const callerId of this.#callers.keys()) this.endedAll(callerId);
    await settled(this.#services);
  }
}
