import { functionMark } from '../../core/index.ts';
import { GUARD_LAYOUT, INLINE_SLOT } from './entry-guard.ts';

/**
 * Tells the watchdog thread, through shared memory, which function was entered last in each slot: first the
 * slot that was entered last, then the mark of each slot's function.
 */
export class EnteredMark {
  readonly shared: SharedArrayBuffer = new SharedArrayBuffer(4 * (1 + GUARD_LAYOUT.slots));
  readonly #cells = new Int32Array(this.shared);
  readonly #ids: string[] = [];

  entered(functionId: string, slot: number = INLINE_SLOT): void {
    if (this.#ids[slot] !== functionId) {
      this.#ids[slot] = functionId;
      Atomics.store(this.#cells, 1 + slot, functionMark(functionId));
    }
    Atomics.store(this.#cells, 0, slot);
  }
}
