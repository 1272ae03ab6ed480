import { type FunctionSpec, HairspringError, type PreparedBinding } from '../../core/index.ts';
import { LOAD_LIMIT_MS } from '../isolate/guest-isolate.ts';
import type { IsolatePool } from '../isolate/isolate-pool.ts';
import type { EntryJournal } from '../observer.ts';
import type { HeavyLane } from './heavy-lane.ts';
import type { Instance, InstanceOwner } from './instance.ts';
import { type WakeOptions, wakeInstance, wakeInstanceAway } from './wake-instance.ts';

/** Code of more characters than this is compiled beside the main thread: it would hold that for milliseconds. */
const LARGE_CODE_CHARS = 512 * 1024;

export interface WakerDependencies extends Pick<WakeOptions, 'pool' | 'clock' | 'journal'> {
  readonly pool: IsolatePool;
  readonly journal: EntryJournal;
  readonly heavyLane: HeavyLane;
  /** The longest that the main thread is held; what may take longer goes to the heavy lane. */
  readonly inlineCpuMs: number;
  /** The function's script. @throws HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT */
  readonly readCode: (spec: FunctionSpec) => string;
}

/** What becomes of a waking. Exactly one of the two is called. */
export interface WakeListener {
  woken(instance: Instance, tookMs: number): void;
  failed(error: HairspringError): void;
}

/**
 * Makes the instances of one function. What loads quickly is loaded on the main thread at once. What does
 * not, or belongs to the heavy lane anyhow, is loaded there; the top level of a module has no effects
 * outside of its isolate, so one that was interrupted can be loaded again.
 */
export class Waker {
  readonly #spec: FunctionSpec;
  readonly #bindings: ReadonlyMap<string, PreparedBinding>;
  readonly #dependencies: WakerDependencies;
  readonly #owner: InstanceOwner;
  /** It took longer on the main thread than that may be held. */
  #slow = false;
  #waking = false;

  constructor(
    spec: FunctionSpec,
    bindings: ReadonlyMap<string, PreparedBinding>,
    dependencies: WakerDependencies,
    owner: InstanceOwner,
  ) {
    this.#spec = spec;
    this.#bindings = bindings;
    this.#dependencies = dependencies;
    this.#owner = owner;
  }

  /** An instance is on its way. */
  get waking(): boolean {
    return this.#waking;
  }

  /** Makes an instance; `listener` hears of it before this returns, or later where it is made beside the main thread. */
  wake(heavy: boolean, listener: WakeListener): void {
    const { clock, pool, journal, readCode, inlineCpuMs } = this.#dependencies;
    const startedMs = clock.monotonicMs();
    try {
      const code = readCode(this.#spec);
      const options: WakeOptions = {
        pool,
        clock,
        journal,
        spec: this.#spec,
        bindings: this.#bindings,
        owner: this.#owner,
        code,
      };
      const instance =
        heavy || this.#slow || code.length > LARGE_CODE_CHARS
          ? undefined
          : this.#wakeInline(options, Math.min(inlineCpuMs, LOAD_LIMIT_MS));
      if (instance === undefined) void this.#wakeAway(options, startedMs, listener);
      else listener.woken(instance, clock.monotonicMs() - startedMs);
    } catch (error) {
      listener.failed(HairspringError.from(error));
    }
  }

  #wakeInline(options: WakeOptions, cpuMs: number): Instance | undefined {
    options.journal.enter(this.#spec.id, []);
    try {
      const instance = wakeInstance(options, cpuMs);
      if (instance === undefined) this.#slow = true;
      return instance;
    } finally {
      options.journal.leave();
    }
  }

  async #wakeAway(options: WakeOptions, startedMs: number, listener: WakeListener): Promise<void> {
    const { clock, journal, heavyLane } = this.#dependencies;
    this.#waking = true;
    try {
      const instance = await heavyLane.run(async (slot) => {
        journal.enterHeavy(slot, this.#spec.id, []);
        try {
          return await wakeInstanceAway(options, slot);
        } finally {
          journal.leaveHeavy(slot);
        }
      });
      this.#waking = false;
      listener.woken(instance, clock.monotonicMs() - startedMs);
    } catch (error) {
      this.#waking = false;
      listener.failed(HairspringError.from(error));
    }
  }
}
