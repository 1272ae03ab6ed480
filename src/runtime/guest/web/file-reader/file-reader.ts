import { createDomException, useEvents } from '../shared/events-types.ts';
import { defineInterface, requireArguments } from '../shared/idl.ts';
import { type Package, toArrayBuffer, toBinaryString, toDataUrl, toText } from './package.ts';
import { ProgressEvent } from './progress-event.ts';

const { EventTarget, internals } = useEvents();

interface BlobLike {
  readonly type: string;
}

interface BlobInternals {
  isBlob(value: unknown): value is BlobLike;
  blobBytes(blob: BlobLike): Uint8Array<ArrayBuffer>;
}

const { isBlob, blobBytes } = runtime.use('blob')['internals'] as BlobInternals;

const EMPTY = 0;
const LOADING = 1;
const DONE = 2;

/** The bytes of a blob are always there, so that it reads all of them in one step. https://w3c.github.io/FileAPI/#APIASynch */
export class FileReader extends EventTarget {
  #state = EMPTY;
  #result: string | ArrayBuffer | null = null;
  #error: Error | null = null;
  #timer = 0;

  readAsArrayBuffer(blob: unknown): void {
    requireArguments(arguments.length, 1, 'FileReader.readAsArrayBuffer');
    this.#read(blob, toArrayBuffer);
  }

  readAsBinaryString(blob: unknown): void {
    requireArguments(arguments.length, 1, 'FileReader.readAsBinaryString');
    this.#read(blob, toBinaryString);
  }

  readAsDataURL(blob: unknown): void {
    requireArguments(arguments.length, 1, 'FileReader.readAsDataURL');
    this.#read(blob, toDataUrl);
  }

  readAsText(blob: unknown, encoding: unknown = undefined): void {
    requireArguments(arguments.length, 1, 'FileReader.readAsText');
    this.#read(blob, toText, encoding === undefined ? undefined : `${encoding}`);
  }

  abort(): void {
    if (this.#state !== LOADING) {
      this.#result = null;
      return;
    }
    runtime.clearTimer(this.#timer);
    this.#state = DONE;
    this.#result = null;
    this.#error = createDomException('The reader was told to stop', 'AbortError');
    this.#tell('abort', 0, 0);
    this.#end(0, 0);
  }

  get readyState(): number {
    return this.#state;
  }

  get result(): string | ArrayBuffer | null {
    return this.#result;
  }

  get error(): Error | null {
    return this.#error;
  }

  /** Reading ends with the timers of its invocation. */
  get #isReading(): boolean {
    return this.#state === LOADING && runtime.isTimerArmed(this.#timer);
  }

  #read(blob: unknown, pack: Package, encoding?: string): void {
    if (!isBlob(blob)) throw new TypeError('A FileReader reads a Blob');
    if (this.#isReading)
      throw createDomException('The reader is reading something else', 'InvalidStateError');
    runtime.clearTimer(this.#timer);
    this.#state = LOADING;
    this.#result = null;
    this.#error = null;
    const bytes = blobBytes(blob);
    const { length } = bytes;
    this.#run([
      () => this.#tell('loadstart', 0, length),
      () => {
        if (length > 0) this.#tell('progress', length, length);
      },
      () => {
        this.#state = DONE;
        this.#result = pack(bytes, blob.type, encoding);
        this.#tell('load', length, length);
      },
      () => this.#end(length, length),
    ]);
  }

  /**
   * Each event is a task of its own, so that what one listener awaits goes on before the next event. The next is
   * planned first: a listener may end the reading, and begin another.
   */
  #run([step, ...rest]: readonly (() => void)[]): void {
    if (step === undefined) return;
    this.#timer = runtime.setTimer(() => {
      this.#run(rest);
      step();
    }, 0);
  }

  /** Unless a listener had it begin anew. */
  #end(loaded: number, total: number): void {
    if (this.#state !== LOADING) this.#tell('loadend', loaded, total);
  }

  #tell(type: string, loaded: number, total: number): void {
    internals.dispatchTrusted(this, new ProgressEvent(type, { lengthComputable: true, loaded, total }));
  }
}
defineInterface(FileReader, 'FileReader');
for (const [name, value] of Object.entries({ EMPTY, LOADING, DONE }))
  for (const target of [FileReader, FileReader.prototype])
    Object.defineProperty(target, name, { value, enumerable: true });
for (const type of ['loadstart', 'progress', 'load', 'abort', 'error', 'loadend'])
  internals.defineHandler(FileReader.prototype, type);
