import type ivm from 'isolated-vm';
import { lateFeature } from './prelude.ts';
import type { SharedScript } from './shared-script.ts';

/** What one isolate has taken of the web platform beside its prelude. */
export class TakenFeatures {
  /** Those of which there is no code cache yet that has what functions use of them. */
  readonly #unlearned = new Set<SharedScript>();

  get hasUnlearned(): boolean {
    return this.#unlearned.size > 0;
  }

  /**
   * Compiles what a feature takes that the guest asks for, while the guest waits in the door.
   * @param away a pool thread has called, whose part of the isolate's state V8 has put aside: whatever ran here now
   * would run the microtasks of the guest as well, in the middle of its code and on this thread
   * @returns a function of the guest's own that defines it, or away its source; undefined when there is no such feature
   */
  take(
    isolate: ivm.Isolate,
    context: ivm.Context,
    name: unknown,
    away: boolean,
  ): ivm.Dereference<unknown> | string | undefined {
    const feature = lateFeature(name);
    if (feature === undefined) return undefined;
    if (away) return feature.evalSource;
    try {
      const script = isolate.compileScriptSync(feature.source, feature.info);
      const tell = script.runSync(context, { reference: true }) as ivm.Reference;
      script.release();
      if (!feature.isThorough) this.#unlearned.add(feature);
      return tell.derefInto({ release: true });
    } catch {
      return undefined; // It ran out of memory.
    }
  }

  /** As {@link SharedScript.learn}, of each. */
  learn(isolate: ivm.Isolate): void {
    for (const script of this.#unlearned) script.learn(isolate);
  }

  /** Those to make the code cache of now. */
  drain(): readonly SharedScript[] {
    const scripts = [...this.#unlearned];
    this.#unlearned.clear();
    return scripts;
  }
}
