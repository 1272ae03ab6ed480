import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node';
import {
  type Clock,
  type FunctionSpec,
  HairspringError,
  type HostCall,
  type HostCaller,
  type HostCallResult,
  type LocalBinding,
  type NatsEndpoint,
  type PreparedBinding,
  type ServiceBinding,
  type WorkloadCredential,
} from '../core/index.ts';
import { toConnectionOptions } from './connection-options.ts';
import { type Services, WorkloadSession } from './workload-session.ts';

export interface WorkloadOptions {
  /** Where the server is; its credentials are the cell's own and not used here. */
  readonly endpoint: () => NatsEndpoint;
  readonly clock: Clock;
  readonly connect: (options: ConnectionOptions) => Promise<NatsConnection>;
  readonly createServices: (nc: NatsConnection, inboxPrefix: string) => Services;
  /** Of all functions of the cell. */
  readonly usage: WorkloadUsage;
  /** What a binding does without the connection. @default nothing */
  readonly prepareLocally?: (binding: ServiceBinding) => LocalBinding | undefined;
  /** Called before a connection is opened for a call; what it throws the call rejects with. @default nothing */
  readonly check?: (label: string, binding: ServiceBinding, call: HostCall) => void;
  /** Called before a connection is opened. */
  readonly makeRoom: () => void;
}

/** How long a function waits for its connection. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A connection whose credential is good for less, and has been renewed, is given up for one with the other. */
const STALE_MS = 6 * 3_600_000;

/** What goes on over the connections of a cell. */
export interface WorkloadUsage {
  callsUnderWay: number;
}

/** A connection that is given up for another one; those who have called over it finish there. */
interface Leaving {
  readonly session: WorkloadSession;
  readonly callers: Set<number>;
}

/**
 * What one version of a function has of NATS: a user that may do what its bindings say and nothing more, and a
 * connection for it, which is opened when the function first needs it.
 */
export class Workload {
  /** The version. */
  readonly spec: FunctionSpec;
  readonly #bindings = new Map<string, ServiceBinding>();
  readonly #options: WorkloadOptions;
  #credential: WorkloadCredential;
  /** When the credential expires with which it has connected. */
  #connectedUntilMs = 0;
  #opening: Promise<WorkloadSession> | undefined;
  #session: WorkloadSession | undefined;
  /** Invocations that have called, and may have left something open. */
  #callers = new Set<number>();
  readonly #leaving = new Set<Leaving>();
  /** No connection is opened any more. */
  #isOver = false;
  /** On the monotonic clock. */
  usedMs = 0;

  constructor(spec: FunctionSpec, credential: WorkloadCredential, options: WorkloadOptions) {
    this.spec = spec;
    this.#credential = credential;
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#opening !== undefined || this.#leaving.size > 0;
  }

  /** It is open, and no invocation has anything of it. */
  get isResting(): boolean {
    return this.#opening !== undefined && this.#callers.size === 0 && this.#leaving.size === 0;
  }

  get isStale(): boolean {
    const isRenewed = this.#credential.expiresAtMs > this.#connectedUntilMs;
    return isRenewed && this.#connectedUntilMs - this.#options.clock.now() < STALE_MS;
  }

  /** @param atOnce whether the present connection is given up now, and not when its credential is about to expire */
  renew(credential: WorkloadCredential, atOnce: boolean): void {
    this.#credential = credential;
    if (atOnce || this.isStale) this.changeOver();
  }

  /** Who calls from now on does it over another connection, so that the present one may end when it is done with. */
  changeOver(): void {
    if (this.#session === undefined) return;
    const leaving = { session: this.#session, callers: this.#callers };
    this.#opening = undefined;
    this.#session = undefined;
    this.#callers = new Set();
    this.#leaving.add(leaving);
    this.#leaveIfDone(leaving);
  }

  #leaveIfDone(leaving: Leaving): void {
    if (leaving.callers.size > 0) return;
    this.#leaving.delete(leaving);
    void leaving.session.close().catch(() => undefined);
  }

  /** A binding that is served over the connection. All of them are prepared before the first call. */
  prepare(label: string, binding: ServiceBinding): PreparedBinding {
    this.#bindings.set(label, binding);
    const local = this.#options.prepareLocally?.(binding);
    const ended = (callerId: number): void => this.#ended(label, callerId);
    if (local === undefined) return { call: (call, caller) => this.#call(label, call, caller), ended };
    return {
      call: async (call, caller) => await (local.call(call, caller) ?? this.#call(label, call, caller)),
      ended,
      abandoned: (callerId) => local.abandoned(callerId),
    };
  }

  #ended(label: string, callerId: number): void {
    this.#callers.delete(callerId);
    this.#session?.ended(label, callerId);
    for (const leaving of this.#leaving) {
      if (!leaving.callers.delete(callerId)) continue;
      // Its connection may end with this, so that the other bindings would not be told.
      leaving.session.endedAll(callerId);
      this.#leaveIfDone(leaving);
    }
  }

  async #call(label: string, call: HostCall, caller: HostCaller): Promise<HostCallResult> {
    this.usedMs = this.#options.clock.monotonicMs();
    const earlier = this.#earlierSession(label, call, caller.id);
    if (earlier === undefined) this.#callers.add(caller.id);
    const { usage } = this.#options;
    usage.callsUnderWay += 1;
    try {
      const session = earlier ?? this.#session ?? (await this.#openFor(label, call));
      return await session.call(label, call, caller);
    } finally {
      usage.callsUnderWay -= 1;
    }
  }

  /**
   * The one over which a call's transfer is open, whichever invocation goes on with it, else the one that its
   * invocation has called over; undefined where that is the present one.
   */
  #earlierSession(label: string, call: HostCall, callerId: number): WorkloadSession | undefined {
    if (this.#leaving.size === 0 || this.#session?.holds(label, call) === true) return undefined;
    const leaving = [...this.#leaving];
    const found =
      leaving.find(({ session }) => session.holds(label, call)) ??
      leaving.find(({ callers }) => callers.has(callerId));
    return found?.session;
  }

  /** What the grant does not cover opens no connection. */
  async #openFor(label: string, call: HostCall): Promise<WorkloadSession> {
    const binding = this.#bindings.get(label);
    if (binding !== undefined) this.#options.check?.(label, binding, call);
    return await this.#open();
  }

  #open(): Promise<WorkloadSession> {
    if (this.#opening !== undefined) return this.#opening;
    if (this.#isOver) return Promise.reject(over());
    this.#options.makeRoom();
    const opening = this.#connect();
    this.#opening = opening;
    opening.then(
      (session) => {
        if (this.#opening !== opening) return;
        this.#session = session;
        session.nc
          .closed()
          .then(() => this.#drop(opening))
          .catch(() => undefined);
      },
      () => this.#drop(opening),
    );
    return opening;
  }

  #drop(opening: Promise<WorkloadSession>): void {
    if (this.#opening !== opening) return;
    this.#opening = undefined;
    this.#session = undefined;
  }

  async #connect(): Promise<WorkloadSession> {
    const { endpoint, connect, createServices, clock } = this.#options;
    const { inboxPrefix } = this.#credential;
    const current = (): NatsEndpoint => {
      this.#connectedUntilMs = this.#credential.expiresAtMs;
      return { ...endpoint(), creds: this.#credential.creds, inboxPrefix };
    };
    let nc: NatsConnection;
    try {
      nc = await connect({
        ...toConnectionOptions(current, `hairspring function ${this.spec.id}`),
        timeout: CONNECT_TIMEOUT_MS,
      });
    } catch (cause) {
      const message = 'Cannot call a host service: the function has no connection to NATS now';
      throw new HairspringError('HS_NATS_UNREACHABLE', message, { cause });
    }
    return new WorkloadSession(nc, createServices(nc, inboxPrefix), this.#bindings, clock);
  }

  /** Closes the connection, if there is one, when what is under way is done; the next call opens another. */
  async close(withinMs?: number): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    this.#session = undefined;
    await this.#closeAll(opening, withinMs);
  }

  /** The same for good: calls that have waited for others go over it while it lasts, and open none. */
  async end(withinMs?: number): Promise<void> {
    this.#isOver = true;
    await this.#closeAll(this.#opening, withinMs);
  }

  async #closeAll(opening: Promise<WorkloadSession> | undefined, withinMs?: number): Promise<void> {
    const leaving = [...this.#leaving];
    this.#leaving.clear();
    const session = await opening?.catch(() => undefined);
    const all = [...leaving.map((one) => one.session), ...(session === undefined ? [] : [session])];
    await Promise.allSettled(all.map((one) => one.close(withinMs)));
  }
}

function over(): HairspringError {
  const message = 'Cannot call a host service: the function has ended, and its connection to NATS with it';
  return new HairspringError('HS_NATS_UNREACHABLE', message);
}
