import {
  type AdoptedMessage,
  type ColdReason,
  type FunctionCall,
  type FunctionSpec,
  type FunctionStats,
  findTrigger,
  HairspringError,
  type HostService,
  INVOKE_KEY,
  type Invocation,
  type LocalCall,
  type LocalFunctions,
  orLate,
  type PreparedBinding,
  type ServiceBinding,
} from '../core/index.ts';
import { FunctionRunner, type RunnerDependencies, shapeOf } from '../runtime/index.ts';
import { drainSubscriptions, replyToError } from '../triggers/index.ts';
import type { WarmLimits } from './evict.ts';
import { type ActiveSids, FunctionSlot, type FunctionSlotOptions } from './function-slot.ts';
import { invoke } from './invoke-listener.ts';
import { callLocally, refused } from './local-calls.ts';
import type { FunctionGauge } from './observe/index.ts';
import { WarmInstances } from './warm-instances.ts';
import type { WorkloadConnections } from './workload-connections.ts';

export interface FunctionTableOptions extends FunctionSlotOptions, WarmLimits {
  readonly services: Readonly<Record<ServiceBinding['service'], HostService>>;
  readonly connections: WorkloadConnections;
  /** What a function may call, by label: its bindings, and what it has besides. */
  readonly bindingsOf: (spec: FunctionSpec) => Readonly<Record<string, ServiceBinding>>;
  readonly prepareBuiltIns: (spec: FunctionSpec) => Readonly<Record<string, PreparedBinding>>;
  readonly runtime: RunnerDependencies;
  /** Told of each version that is gone, and whether others share its code. */
  readonly onGone: (spec: FunctionSpec, isCodeShared: boolean) => void;
}

/** After this share of the time for draining, what is still in progress is told so by its signal. */
const HURRY_SHARE = 0.75;

/** The functions of a cell: what is deployed, and which of it is kept warm. */
export class FunctionTable implements LocalFunctions {
  readonly #options: FunctionTableOptions;
  readonly #slots = new Map<string, FunctionSlot>();
  /** The same by the names of the functions. */
  readonly #byName = new Map<string, FunctionSlot>();
  /** Versions that were replaced or undeployed and still finish what they had accepted. */
  readonly #retiring = new Set<FunctionRunner>();
  readonly #warm: WarmInstances;

  constructor(options: FunctionTableOptions) {
    this.#options = options;
    this.#warm = new WarmInstances(options, options.runtime.clock);
  }

  get inFlight(): number {
    let count = 0;
    for (const runner of this.#runners()) count += runner.inFlight;
    return count;
  }

  get warm(): number {
    return this.#warm.count;
  }

  /** Memory of the instances, when it was measured last. */
  get warmBytes(): number {
    return this.#warm.bytes;
  }

  /** What each function has in hand. */
  gauges(): readonly FunctionGauge[] {
    return [...this.#slots.values()].map(({ runner }) => ({
      id: runner.spec.id,
      inFlight: runner.running,
      queued: runner.queued,
    }));
  }

  /**
   * Subscribes a function, or puts a new version in the place of the running one without a gap.
   * @param own in place of what all functions are run with
   */
  activate(spec: FunctionSpec, coldReason: ColdReason, own: Partial<RunnerDependencies>): ActiveSids {
    const onWoken = (woken: FunctionRunner): void => this.#warm.woken(woken);
    const runtime: RunnerDependencies = { ...this.#options.runtime, onWoken, ...own };
    const runner = new FunctionRunner(spec, this.#prepareBindings(spec), runtime, coldReason);
    runtime.pool.prepare(shapeOf(spec));
    let slot = this.#slots.get(spec.id);
    const previous = slot?.runner;
    if (slot === undefined) {
      slot = new FunctionSlot(runner, this.#options);
      this.#slots.set(spec.id, slot);
      this.#byName.set(spec.name, slot);
    }
    const sids = slot.activate(runner, previous);
    if (previous !== undefined) this.#retire(previous, runner, slot.listener.released);
    runner.prewarm();
    return sids;
  }

  #prepareBindings(spec: FunctionSpec): ReadonlyMap<string, PreparedBinding> {
    const { services, connections, bindingsOf, prepareBuiltIns } = this.#options;
    const granted = Object.entries(bindingsOf(spec)).map(([label, binding]) => {
      const own = binding.service === 'http' ? undefined : connections.prepare(spec.id, label, binding);
      return [label, own ?? services[binding.service].prepare(label, binding)] as const;
    });
    return new Map([...Object.entries(prepareBuiltIns(spec)), ...granted]);
  }

  /** @param released when nothing more comes that `previous` alone listens for */
  #retire(previous: FunctionRunner, successor: FunctionRunner, released: Promise<void>): void {
    this.#retiring.add(previous);
    this.#warm.forget(previous);
    previous.replaceWith(successor);
    released
      .then(() => previous.idle())
      .then(() => {
        this.#retiring.delete(previous);
        previous.dispose(
          new HairspringError('HS_CELL_LOST', `${previous.spec.name} was replaced by another version`),
        );
        this.#tellGone(previous.spec);
      })
      .catch(() => undefined);
  }

  /** Where the server does not let a function listen, if that is so. Known when the server has answered. */
  refusedSubject(id: string): string | undefined {
    return this.#slots.get(id)?.refusedSubject;
  }

  /** @throws HS_FUNCTION_NOT_FOUND */
  runner(id: string): FunctionRunner {
    return this.present(id).runner;
  }

  /** The function, whose runner is that of its version at the moment. @throws HS_FUNCTION_NOT_FOUND */
  present(id: string): { readonly runner: FunctionRunner } {
    const slot = this.#slots.get(id);
    if (slot === undefined)
      throw new HairspringError('HS_FUNCTION_NOT_FOUND', 'The function is not deployed here');
    return slot;
  }

  /** Ends an invocation that nobody waits for any more, also one of a version that only finishes. */
  abandon(id: string, invocation: Invocation): void {
    this.#slots.get(id)?.runner.abandon(invocation);
    for (const runner of this.#retiring) if (runner.spec.id === id) runner.abandon(invocation);
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  call(call: FunctionCall): LocalCall {
    const slot = this.#byName.get(call.name);
    if (slot === undefined)
      return refused(new HairspringError('HS_FUNCTION_NOT_FOUND', `${call.name} is not deployed here`));
    const { runner } = slot;
    return callLocally(runner, call, this.#options.replies, (invocation) =>
      this.abandon(runner.spec.id, invocation),
    );
  }

  /** Unsubscribes, finishes what is accepted, frees the rest. Doing it twice is doing it once. */
  async deactivate(id: string): Promise<void> {
    const slot = this.#slots.get(id);
    if (slot === undefined) {
      // It may have been taken in and not been served.
      await this.#options.connections.forget(id);
      return;
    }
    const { runner } = slot;
    const { name } = runner.spec;
    this.#slots.delete(id);
    if (this.#byName.get(name) === slot) this.#byName.delete(name);
    this.#retiring.add(runner);
    this.#warm.forget(runner);
    await drainSubscriptions(this.#options.nc, slot.release());
    const versions = [...this.#retiring].filter(({ spec }) => spec.id === id);
    await Promise.all(versions.map((version) => version.idle()));
    this.#retiring.delete(runner);
    runner.dispose(new HairspringError('HS_FUNCTION_NOT_FOUND', `${name} was undeployed`));
    const forgotten = this.#options.connections.forget(id);
    this.#tellGone(runner.spec);
    const shape = shapeOf(runner.spec);
    const inUse = this.#runners()
      .map(({ spec }) => shapeOf(spec))
      .some(
        ({ memoryBytes, readiness }) => memoryBytes === shape.memoryBytes && readiness === shape.readiness,
      );
    if (!inUse) this.#options.runtime.pool.forget(shape);
    await forgotten;
  }

  #runners(): readonly FunctionRunner[] {
    return [...[...this.#slots.values()].map(({ runner }) => runner), ...this.#retiring];
  }

  #tellGone(spec: FunctionSpec): void {
    const { digest } = spec.artifact;
    const isCodeShared = this.#runners().some((runner) => runner.spec.artifact.digest === digest);
    this.#options.onGone(spec, isCodeShared);
  }

  /** Ends invocations of a function, also of its versions that only finish. @returns how many */
  cancel(id: string, invocationId: string | undefined): number {
    let count = this.#slots.get(id)?.runner.cancel(invocationId) ?? 0;
    for (const runner of this.#retiring) if (runner.spec.id === id) count += runner.cancel(invocationId);
    return count;
  }

  /** Runs messages that came to another cell, or to the host in its place, if their triggers are still there. */
  adopt(messages: readonly AdoptedMessage[]): void {
    for (const { functionId, triggerKey, subject, reply, headers, data } of messages) {
      const slot = this.#slots.get(functionId);
      if (slot === undefined) continue;
      if (triggerKey === INVOKE_KEY) {
        invoke(slot, reply, headers, data);
        continue;
      }
      const place = findTrigger(slot.runner.spec.triggers, triggerKey);
      if (place !== -1) slot.listener.deliver(place, subject, reply, headers, data);
      else this.#refuse(slot.runner.spec, reply);
    }
  }

  /** The version that listened for it has died with its cell. */
  #refuse({ id, name, namespace }: FunctionSpec, reply: string): void {
    const { nc, replies } = this.#options;
    const message = `The cell of ${name} was lost before the message began, and its version was replaced by one without the trigger`;
    const error = new HairspringError('HS_CELL_LOST', message);
    replyToError(nc, reply, { workloadId: id, namespace }, error);
    replies.answered({ reply, place: -1 });
  }

  /** Stops listening everywhere and waits, up to `graceMs`, until all accepted work is done. */
  async drain(graceMs: number): Promise<void> {
    this.#warm[Symbol.dispose]();
    // While the server is away a subscription does not drain, and the node is to stop all the same.
    const done = drainSubscriptions(
      this.#options.nc,
      [...this.#slots.values()].flatMap((slot) => slot.release()),
    ).then(() => this.#idle());
    const { clock } = this.#options.runtime;
    const stopHurry = clock.after(graceMs * HURRY_SHARE, () => {
      for (const runner of this.#runners()) runner.hurry();
    });
    await orLate(done, clock, graceMs);
    stopHurry();
    for (const runner of this.#runners()) {
      runner.dispose(
        new HairspringError('HS_DRAINING', `${runner.spec.name} did not finish before the node stopped`),
      );
    }
    this.#slots.clear();
    this.#byName.clear();
  }

  /** What one finishes may call another that was idle. */
  async #idle(): Promise<void> {
    while (this.inFlight > 0) await Promise.all(this.#runners().map((runner) => runner.idle()));
  }

  /** Of some functions, or of all. */
  stats(ids: readonly string[] | null): readonly FunctionStats[] {
    const slots =
      ids === null
        ? [...this.#slots.values()]
        : ids.map((id) => this.#slots.get(id)).filter((one) => one !== undefined);
    return slots.map(({ runner }) => runner.stats());
  }
}
