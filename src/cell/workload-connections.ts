import type { FunctionSpec, PreparedBinding, ServiceBinding, WorkloadCredentials } from '../core/index.ts';
import { Workload, type WorkloadOptions, type WorkloadUsage } from './workload.ts';

/** Connections of functions that are open at once; past it the one that has rested longest is closed. */
const MAX_OPEN = 64;
/** A connection that nothing has used for so long is closed. */
const REST_MS = 60_000;
const SWEEP_MS = 5_000;

/** The NATS connections of the functions of a cell. */
export class WorkloadConnections implements AsyncDisposable {
  readonly #options: WorkloadOptions;
  readonly #byFunction = new Map<string, Workload>();
  /** Of versions that finish what they had begun. */
  readonly #retiring = new Set<Workload>();
  readonly #usage: WorkloadUsage = { callsUnderWay: 0 };
  readonly #stopSweep: () => void;

  constructor(options: Omit<WorkloadOptions, 'makeRoom' | 'usage'>) {
    this.#options = { ...options, usage: this.#usage, makeRoom: () => this.#makeRoom() };
    this.#stopSweep = options.clock.every(SWEEP_MS, () => this.#sweep());
  }

  /** Whether an invocation waits for what it has asked for over its function's connection. */
  get isAwaited(): boolean {
    return this.#usage.callsUnderWay > 0;
  }

  /** Takes in the versions of functions that come next, with the credentials of those that have some. */
  admit(specs: readonly FunctionSpec[], credentials: WorkloadCredentials): void {
    for (const spec of specs) {
      const { id } = spec;
      const earlier = this.#byFunction.get(id);
      if (earlier !== undefined) this.#retiring.add(earlier);
      const credential = credentials[id];
      if (credential === undefined) this.#byFunction.delete(id);
      else this.#byFunction.set(id, new Workload(spec, credential, this.#options));
    }
  }

  /** @param atOnce whether connections with the earlier ones are given up now, and not when they are about to expire */
  renew(credentials: WorkloadCredentials, atOnce: boolean): void {
    for (const [id, credential] of Object.entries(credentials))
      this.#byFunction.get(id)?.renew(credential, atOnce);
  }

  /** Prepares a binding of the version that came last; undefined: it has no connection of its own. */
  prepare(functionId: string, label: string, binding: ServiceBinding): PreparedBinding | undefined {
    return this.#byFunction.get(functionId)?.prepare(label, binding);
  }

  /** A version of a function has finished all that it had begun. */
  finished(spec: FunctionSpec): void {
    for (const workload of this.#retiring) {
      if (workload.spec !== spec) continue;
      this.#retiring.delete(workload);
      void workload.end().catch(() => undefined);
    }
  }

  /** A function is gone. Resolves when its connections are, so that its users can be revoked. Never rejects. */
  async forget(functionId: string): Promise<void> {
    const workload = this.#byFunction.get(functionId);
    this.#byFunction.delete(functionId);
    await workload?.end().catch(() => undefined);
  }

  #makeRoom(): void {
    const open = [...this.#byFunction.values(), ...this.#retiring].filter(({ isOpen }) => isOpen);
    if (open.length < MAX_OPEN) return;
    const [longest] = open.filter(({ isResting }) => isResting).sort((a, b) => a.usedMs - b.usedMs);
    void longest?.close().catch(() => undefined);
  }

  #sweep(): void {
    const idleSinceMs = this.#options.clock.monotonicMs() - REST_MS;
    for (const workload of [...this.#byFunction.values(), ...this.#retiring]) {
      const isIdle = workload.usedMs < idleSinceMs;
      if (workload.isResting && isIdle) void workload.close().catch(() => undefined);
      else if (workload.isStale) workload.changeOver();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Closes them all, each when what is under way is done, within `withinMs` at the latest. */
  async close(withinMs?: number): Promise<void> {
    this.#stopSweep();
    const all = [...this.#byFunction.values(), ...this.#retiring];
    this.#byFunction.clear();
    this.#retiring.clear();
    await Promise.allSettled(all.map((workload) => workload.end(withinMs)));
  }
}
