import { type Clock, type FunctionSpec, HairspringError } from '../../core/index.ts';
import type { HeavyLane } from './heavy-lane.ts';
import { HEAP_LOOK_MS, type Instance, type InstanceFault } from './instance.ts';
import { LaneChoice } from './lane-choice.ts';
import { threadCpuMs } from './thread-cpu.ts';

/**
 * What the first entry of an instance may take on the main thread. Nothing has come out of the isolate by
 * then, so one that takes longer is begun anew in another isolate, beside that thread.
 */
const TRIAL_MS = 20;
/** Of the wall-clock time of an entry that its thread ran: with less, the machine was slow, and not the function. */
const RUNNING_SHARE = 0.5;
/** Of its limit, that the thread of an entry ran which was ended there: with less, the function is not to blame. */
const STARVED_SHARE = 0.1;

export interface EntranceOptions {
  readonly spec: FunctionSpec;
  readonly clock: Clock;
  readonly heavyLane: HeavyLane;
  /** The longest that the main thread is held. */
  readonly inlineCpuMs: number;
  /** Whether other functions use the main thread at present. */
  readonly isShared: () => boolean;
  /** An entry is over; on another thread some time after it was asked for. */
  readonly onEntered: (instance: Instance, fault: InstanceFault | undefined) => void;
  /** Another thread has left an instance, after `onEntered`. */
  readonly onReturned: () => void;
}

/** Enters the instances of one function, each time on the thread that suits what is known of the function. */
export class Entrance {
  readonly #options: EntranceOptions;
  readonly #lane: LaneChoice;

  constructor(options: EntranceOptions) {
    this.#options = options;
    this.#lane = new LaneChoice(options.spec.limits.cpuMs > options.inlineCpuMs, options.isShared);
  }

  /** Whether entries are made, and instances loaded, beside the main thread for now. */
  get heavy(): boolean {
    return this.#lane.heavy;
  }

  enter(instance: Instance): void {
    if (this.#lane.heavy || instance.isUncollected) this.#enterAway(instance);
    else this.#enterInline(instance);
  }

  #enterInline(instance: Instance): void {
    const { spec, onEntered } = this.#options;
    const isTrial = instance.isUntouched;
    const limitMs = isTrial ? Math.min(spec.limits.cpuMs, TRIAL_MS) : spec.limits.cpuMs;
    const examines = this.#lane.examines || isTrial;
    const startedMs = threadCpuMs();
    const fault = instance.runOnce(limitMs);
    const cpuMs = examines || fault !== undefined ? threadCpuMs() - startedMs : undefined;
    this.#learn(instance, fault, cpuMs, (cpuMs ?? 0) >= RUNNING_SHARE * instance.lastEntryMs);
    const isStarved = fault?.kind === 'cpu' && (cpuMs ?? limitMs) < STARVED_SHARE * limitMs;
    onEntered(instance, isStarved ? { ...fault, kind: 'starved' } : fault);
  }

  #enterAway(instance: Instance): void {
    const { spec, heavyLane, onEntered, onReturned } = this.#options;
    instance.reserve();
    heavyLane
      .run(spec, (slot) => instance.runAway(slot))
      .then((fault) => {
        if (!instance.disposed) this.#learn(instance, fault, undefined, true);
        onEntered(instance, instance.disposed ? undefined : fault);
      })
      .catch((error: unknown) =>
        onEntered(instance, { kind: 'broken', message: HairspringError.from(error).message }),
      )
      .finally(onReturned);
  }

  /** @param isProven whether the function itself is known to have taken that long */
  #learn(
    instance: Instance,
    fault: InstanceFault | undefined,
    cpuMs: number | undefined,
    isProven: boolean,
  ): void {
    const { clock, spec } = this.#options;
    const tookMs = instance.lastEntryMs;
    this.#lane.entered(tookMs, cpuMs, clock);
    if (fault?.kind === 'cpu' || fault?.kind === 'overrun') {
      // The next entries are looked at more closely.
      if (isProven) this.#lane.overran(clock);
    } else if (fault?.kind === 'slow') this.#lane.slow(isProven, clock);
    else if (fault === undefined && (cpuMs ?? tookMs) > HEAP_LOOK_MS)
      // A heap does not fill without long entries: those in which V8 collects.
      this.#lane.heapSeen(instance.heapBytes, spec.limits.memoryBytes, clock);
  }
}
