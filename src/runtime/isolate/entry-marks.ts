import ivm from 'isolated-vm';

/** Places in the shared array, as guest/globals.d.ts has them. */
const INVOCATION_ID = 0;
const TAKEN = 1;
const IS_DONE = 2;
const LOST_KIB = 3;

/** Where the guest's runtime is, in memory that it shares with the host: what it marked stands when it is ended. */
export class EntryMarks {
  readonly #shared = new SharedArrayBuffer(4 * Int32Array.BYTES_PER_ELEMENT);
  readonly #marks = new Int32Array(this.#shared);

  /** The same memory as the guest's runtime takes it. */
  shareWith(context: ivm.Context): ivm.Reference {
    const wrap = context.evalSync('(buffer) => new Int32Array(buffer)', { reference: true }) as ivm.Reference;
    const shared = wrap.applySync(undefined, [new ivm.ExternalCopy(this.#shared).copyInto()], {
      result: { reference: true },
    });
    wrap.release();
    return shared as ivm.Reference;
  }

  /** An entry begins. */
  begin(): void {
    this.#marks[TAKEN] = 0;
    this.#marks[IS_DONE] = 0;
  }

  /** Of the invocation whose code runs, or ran last; 0 for none. */
  get invocationId(): number {
    return Atomics.load(this.#marks, INVOCATION_ID);
  }

  /** Records of its batch that the entry in progress, or the last one, has begun. */
  get taken(): number {
    return Atomics.load(this.#marks, TAKEN);
  }

  /** Whether the last batch has run to its end. */
  get isDone(): boolean {
    return Atomics.load(this.#marks, IS_DONE) === 1;
  }

  /** WebAssembly memory that has been let go of: V8 collects none of it for its own sake. */
  get lostBytes(): number {
    return 1024 * Atomics.load(this.#marks, LOST_KIB);
  }
}
