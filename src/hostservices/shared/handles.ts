import { HairspringError } from '../../core/index.ts';

/** Something that an invocation holds open in the host, such as a watch or a transfer. */
export interface Held {
  /** Gives back what it holds. Idempotent; never throws. */
  release(): void;
}

export interface HandlesOptions {
  /** As in "a watch", for messages. */
  readonly what: string;
  readonly label: string;
  /** Open at once in one invocation. */
  readonly perInvocation: number;
  /** Open at once in one function. */
  readonly perFunction: number;
}

/**
 * Of all handles of this process: a function that has gone over to another connection, where what it had open is not,
 * reaches with the number of that nothing else.
 */
let lastHandle = 0;

/**
 * What the invocations of one function hold open with one binding, by numbers that the guest is given. Nothing
 * outlives its invocation: the binding's `ended` has to call {@link Handles.ended}.
 */
export class Handles<Resource extends Held> {
  readonly #options: HandlesOptions;
  /** Undefined is what is being opened. */
  readonly #byCaller = new Map<number, Map<number, Resource | undefined>>();
  #count = 0;

  constructor(options: HandlesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#count;
  }

  /**
   * Opens something and keeps it until it is closed or its invocation ends. It counts while it is being opened, so
   * that nothing is refused that has been done.
   * @returns its handle
   * @throws HS_HOST_CALL_LIMIT before anything is done, and what `make` throws
   */
  async open(callerId: number, make: () => Promise<Resource>): Promise<number> {
    const handle = this.#reserve(callerId);
    try {
      const resource = await make();
      const own = this.#byCaller.get(callerId);
      // It may have been closed meanwhile.
      if (own?.has(handle) === true) own.set(handle, resource);
      else resource.release();
      return handle;
    } catch (error) {
      this.close(handle);
      throw error;
    }
  }

  /**
   * Keeps what was opened until it is closed or its invocation ends.
   * @returns its handle
   * @throws HS_HOST_CALL_LIMIT, having released it
   */
  add(callerId: number, resource: Resource): number {
    try {
      const handle = this.#reserve(callerId);
      this.#byCaller.get(callerId)?.set(handle, resource);
      return handle;
    } catch (error) {
      resource.release();
      throw error;
    }
  }

  /** @throws HS_HOST_CALL_LIMIT */
  #reserve(callerId: number): number {
    const { what, label, perInvocation, perFunction } = this.#options;
    const own = this.#byCaller.get(callerId) ?? new Map<number, Resource | undefined>();
    if (own.size >= perInvocation || this.#count >= perFunction) {
      const detail =
        own.size >= perInvocation
          ? `the invocation has ${perInvocation} open already`
          : `the function has ${perFunction} open already`;
      throw new HairspringError('HS_HOST_CALL_LIMIT', `Cannot open ${what} of ${label}: ${detail}`);
    }
    lastHandle += 1;
    this.#count += 1;
    this.#byCaller.set(callerId, own.set(lastHandle, undefined));
    return lastHandle;
  }

  /**
   * Whichever invocation asks: code that several await runs in the name of any of them.
   * @throws HS_HOST_CALL_INVALID
   */
  get(handle: unknown): Resource {
    const resource = this.find(handle);
    if (resource !== undefined) return resource;
    const { what, label } = this.#options;
    throw new HairspringError(
      'HS_HOST_CALL_INVALID',
      `Cannot go on with ${what} of ${label}: it is closed, as it is when its invocation ends`,
    );
  }

  /** The same, and undefined when it is closed. */
  find(handle: unknown): Resource | undefined {
    if (typeof handle !== 'number') return undefined;
    for (const own of this.#byCaller.values()) {
      const resource = own.get(handle);
      if (resource !== undefined) return resource;
    }
    return undefined;
  }

  /** Releases one; nothing happens when it is closed already. */
  close(handle: unknown): void {
    if (typeof handle !== 'number') return;
    for (const [callerId, own] of this.#byCaller) {
      const resource = own.get(handle);
      if (!own.delete(handle)) continue;
      if (own.size === 0) this.#byCaller.delete(callerId);
      this.#count -= 1;
      resource?.release();
    }
  }

  /**
   * Releases all that an invocation has left open. What is still being opened may be for another one too, which is
   * what `ended` comes again for when it is there.
   */
  ended(callerId: number): void {
    for (const [handle, resource] of [...(this.#byCaller.get(callerId) ?? [])])
      if (resource !== undefined) this.close(handle);
  }
}
