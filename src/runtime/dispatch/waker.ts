import { type FunctionSpec, HairspringError, type PreparedBinding } from '../../core/index.ts';
import type { CodeCache } from '../isolate/code-cache.ts';
import { LOAD_LIMIT_MS } from '../isolate/guest-load.ts';
import type { IsolatePool } from '../isolate/isolate-pool.ts';
import type { EntryJournal } from '../observer.ts';
import type { HeavyLane } from './heavy-lane.ts';
import type { Instance, InstanceOwner } from './instance.ts';
import { type FunctionCode, type WakeOptions, wakeInstance, wakeInstanceAway } from './wake-instance.ts';

/** Code of more characters than this is compiled beside the main thread: it would hold that for milliseconds. */
const LARGE_CODE_CHARS = 512 * 1024;
/** Code that took longer is loaded beside the main thread the next time, until it takes less. */
const INLINE_LOAD_MS = 20;

export interface WakerDependencies extends Pick<WakeOptions, 'pool' | 'clock' | 'journal' | 'observer'> {
  readonly pool: IsolatePool;
  readonly journal: EntryJournal;
  readonly heavyLane: HeavyLane;
  /** The longest that the main thread is held; what may take longer goes to the heavy lane. */
  readonly inlineCpuMs: number;
  /**
   * The function's script or module, later where it is large.
   * @throws HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT, HS_WASM_INVALID, or rejects with them
   */
  readonly readCode: (spec: FunctionSpec) => FunctionCode | Promise<FunctionCode>;
  /** V8's code cache of that script, where there is one. @default none */
  readonly readCache?: (spec: FunctionSpec) => CodeCache | undefined;
}

/** What becomes of a waking. Exactly one of the two is called. */
export interface WakeListener {
  /** @param isCached whether its code cache has the handlers as well, so that no better one can be made */
  woken(instance: Instance, tookMs: number, isCached: boolean): void;
  failed(error: HairspringError): void;
}

/**
 * Makes the instances of one function. What loads quickly is loaded on the main thread at once. What did not
 * the last time, or belongs to the heavy lane anyhow, is loaded there; the top level of a module has no effects
 * outside of its isolate, so one that was interrupted can be loaded again.
 */
export class Waker {
  readonly #spec: FunctionSpec;
  readonly #bindings: ReadonlyMap<string, PreparedBinding>;
  readonly #dependencies: WakerDependencies;
  readonly #owner: InstanceOwner;
  /** The last one took so long that the next is made beside the main thread. */
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
    const { clock, readCode } = this.#dependencies;
    const startedMs = clock.monotonicMs();
    try {
      const code = readCode(this.#spec);
      if (code instanceof Promise) void this.#wakeLater(code, heavy, startedMs, listener);
      else this.#wakeWith(code, heavy, startedMs, listener);
    } catch (error) {
      listener.failed(HairspringError.from(error));
    }
  }

  async #wakeLater(
    reading: Promise<FunctionCode>,
    heavy: boolean,
    startedMs: number,
    listener: WakeListener,
  ): Promise<void> {
    this.#waking = true;
    const code = await reading.catch((error: unknown) => HairspringError.from(error));
    this.#waking = false;
    if (code instanceof HairspringError) listener.failed(code);
    else this.#wakeWith(code, heavy, startedMs, listener);
  }

  #wakeWith(code: FunctionCode, heavy: boolean, startedMs: number, listener: WakeListener): void {
    const { clock, pool, journal, observer, readCache, inlineCpuMs } = this.#dependencies;
    try {
      const options: WakeOptions = {
        pool,
        clock,
        journal,
        observer,
        spec: this.#spec,
        bindings: this.#bindings,
        owner: this.#owner,
        code,
        cache: readCache?.(this.#spec),
      };
      const instance =
        heavy || this.#slow || isLarge(code)
          ? undefined
          : this.#wakeInline(options, Math.min(inlineCpuMs, LOAD_LIMIT_MS));
      if (instance === undefined) void this.#wakeAway(options, startedMs, listener);
      else listener.woken(instance, clock.monotonicMs() - startedMs, isCached(options));
    } catch (error) {
      listener.failed(HairspringError.from(error));
    }
  }

  #wakeInline(options: WakeOptions, cpuMs: number): Instance | undefined {
    options.journal.enter(this.#spec.id, []);
    try {
      const instance = wakeInstance(options, cpuMs);
      this.#slow = instance === undefined || instance.lastEntryMs > INLINE_LOAD_MS;
      return instance;
    } finally {
      options.journal.leave();
    }
  }

  async #wakeAway(options: WakeOptions, startedMs: number, listener: WakeListener): Promise<void> {
    const { clock, journal, heavyLane } = this.#dependencies;
    this.#waking = true;
    try {
      const instance = await heavyLane.run(this.#spec, async (slot) => {
        journal.enterHeavy(slot, this.#spec.id, []);
        try {
          return await wakeInstanceAway(options, slot);
        } finally {
          journal.leaveHeavy(slot);
        }
      });
      this.#waking = false;
      this.#slow = instance.lastEntryMs > INLINE_LOAD_MS;
      listener.woken(instance, clock.monotonicMs() - startedMs, isCached(options));
    } catch (error) {
      this.#waking = false;
      listener.failed(HairspringError.from(error));
    }
  }
}

/** A module is compiled before it comes here, and large ones quickly at that. */
function isLarge(code: FunctionCode): boolean {
  return typeof code === 'string' && code.length > LARGE_CODE_CHARS;
}

function isCached({ cache }: WakeOptions): boolean {
  return cache?.rejected === false && cache.hasHandlers;
}
