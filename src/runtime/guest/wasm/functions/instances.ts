/**
 * The instances of one function. A new one costs several times what most functions do with a message, so one that
 * is done is put back where that is known to be possible, and otherwise at least its memories and what the host has
 * made for it are used again.
 */
import { LinearMemory } from './linear-memory.ts';
import { type GlobalValue, MemoryImage } from './snapshot.ts';
import { trapError } from './trap.ts';
import type { DataSpan } from './types.ts';

/** Thrown when the instances hold more memory than the function may; becomes HS_FUNCTION_MEMORY. */
export class MemoryExceeded extends Error {}

const ENDED = 'Its invocation has ended';
const PAGE_BYTES = 65_536;
/** Zeroing larger memories costs more than making them. */
const MAX_ZEROED_BYTES = 4 * 1024 ** 2;
/** Slots that wait for a message, and the memory of all of them. */
const MAX_IDLE = 32;
const MAX_IDLE_BYTES = 8 * 1024 ** 2;

export interface MemoryBounds {
  /** In pages of 64 KiB. */
  readonly minPages: number;
  readonly maxPages: number;
}

export interface Made<Live> {
  readonly live: Live;
  /** To be called before the first message. */
  readonly initialize?: (() => void) | undefined;
  /** Undefined when the instance cannot be put back. */
  readonly globals: readonly GlobalValue[] | undefined;
}

/** Has an instance wait for something. When it is not to go on, this rejects with what it cannot catch. */
export type Wait = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Memories, what the host has made for them (`Host`), and the instance that has both (`Live`). */
export class Slot<Host, Live> {
  readonly memories: readonly LinearMemory[];
  readonly host: Host;
  made: Made<Live> | undefined;
  /** Whether its instance has had a message and remembers it. */
  isUsed = false;
  /** Whom it serves, in a function that waits. */
  invocation: object | undefined;
  /** Why its instance is ended. */
  end: Error | undefined;
  /** Its memory is counted as lost already. */
  isGivenUp = false;

  constructor(memories: readonly LinearMemory[], createHost: (slot: Slot<Host, Live>) => Host) {
    this.memories = memories;
    this.host = createHost(this);
  }
}

export interface InstancesOptions<Host, Live> {
  /** Of one instance. */
  readonly memories: readonly MemoryBounds[];
  /** What all instances together may hold. */
  readonly memoryBytes: number;
  readonly suspends: boolean;
  /** Where each memory of a new instance is not zero, as far as that is known. */
  readonly data: readonly (DataSpan | undefined)[];
  /** Whatever of it suspends the instance does so by `wait`. */
  readonly createHost: (memories: readonly LinearMemory[], wait: Wait) => Host;
  readonly instantiate: (slot: Slot<Host, Live>) => Made<Live>;
  /** The instance is over: what was its own on the side of the host is to go. */
  readonly clearHost?: (host: Host) => void;
}

export class Instances<Host, Live> {
  readonly #options: InstancesOptions<Host, Live>;
  readonly #bytes: number;
  readonly #maxIdle: number;
  /** Those of a function that waits; of any other one runs at a time. */
  readonly #inUse = new Set<Slot<Host, Live>>();
  readonly #idle: Slot<Host, Live>[] = [];
  /** By memory; undefined until an instance was made. */
  #images: readonly (MemoryImage | undefined)[] | undefined;

  constructor(options: InstancesOptions<Host, Live>) {
    this.#options = options;
    this.#bytes = options.memories.reduce((sum, { minPages }) => sum + minPages, 0) * PAGE_BYTES;
    this.#maxIdle =
      this.#bytes > MAX_ZEROED_BYTES ? 0 : Math.min(MAX_IDLE, MAX_IDLE_BYTES / (this.#bytes + 1));
    if (options.suspends) runtime.whenEnded(() => this.#giveUp());
  }

  /** Of those whose invocation was ended while they waited: they do not go on, and V8 keeps what they hold. */
  #giveUp(): void {
    for (const slot of this.#inUse) {
      if (slot.invocation === undefined || runtime.isOpen(slot.invocation)) continue;
      this.#inUse.delete(slot);
      slot.isGivenUp = true;
      runtime.lost(bytesOf(slot));
    }
  }

  /** A slot for the message that the current invocation has; `ready` gives its instance. @throws MemoryExceeded */
  take(): Slot<Host, Live> {
    const slot = this.#idle.pop() ?? this.#create();
    if (this.#options.suspends) this.#use(slot);
    return slot;
  }

  #use(slot: Slot<Host, Live>): void {
    slot.invocation = runtime.currentInvocation();
    this.#inUse.add(slot);
    slot.end = this.#excess();
    if (slot.end !== undefined) this.discard(slot);
  }

  /**
   * The instance of a slot: one that has done nothing yet, or was kept.
   * @throws what making it does; the slot is then to be discarded
   */
  ready(slot: Slot<Host, Live>): Live {
    slot.made ??= this.#make(slot);
    if (!slot.isUsed) slot.made.initialize?.();
    return slot.made.live;
  }

  #make(slot: Slot<Host, Live>): Made<Live> {
    const { instantiate, data } = this.#options;
    const made = instantiate(slot);
    if (made.globals !== undefined && this.#maxIdle > 0)
      this.#images ??= slot.memories.map((memory, index) => MemoryImage.take(memory, data[index]));
    return made;
  }

  /** The instance has answered. What has grown cannot shrink, and is let go. */
  release(slot: Slot<Host, Live>): void {
    const globals = slot.made?.globals;
    const images = this.#images;
    if (globals === undefined || images === undefined || images.includes(undefined)) {
      this.discard(slot);
      return;
    }
    if (!this.#leaves(slot)) return;
    for (let index = 0; index < images.length; index += 1)
      images[index]?.restore(slot.memories[index] as LinearMemory);
    for (const { global, value } of globals) global.value = value;
    this.#idle.push(slot);
  }

  /** The instance has answered, and serves the next message as it is, unless there is no room for it. */
  keep(slot: Slot<Host, Live>): void {
    if (this.#options.suspends && this.#excess() !== undefined) {
      this.discard(slot);
      return;
    }
    slot.invocation = undefined;
    slot.isUsed = true;
    this.#idle.push(slot);
  }

  /** The instance is over. @throws why it was ended, if it was */
  discard(slot: Slot<Host, Live>): void {
    const { end } = slot;
    slot.made = undefined;
    slot.isUsed = false;
    slot.end = undefined;
    if (this.#leaves(slot)) {
      for (const memory of slot.memories) memory.zero();
      this.#idle.push(slot);
    }
    if (end !== undefined) throw end;
  }

  /** @returns whether it is used again */
  #leaves(slot: Slot<Host, Live>): boolean {
    const { suspends, clearHost } = this.#options;
    if (suspends) {
      slot.invocation = undefined;
      this.#inUse.delete(slot);
    }
    clearHost?.(slot.host);
    const bytes = bytesOf(slot);
    const isUsedAgain = this.#idle.length < this.#maxIdle && bytes === this.#bytes;
    if (!isUsedAgain && !slot.isGivenUp) runtime.lost(bytes);
    slot.isGivenUp = false;
    return isUsedAgain;
  }

  async #wait<Result>(slot: Slot<Host, Live>, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } finally {
      this.#goOn(slot);
    }
  }

  #goOn(slot: Slot<Host, Live>): void {
    const { invocation } = slot;
    slot.end ??= invocation !== undefined && !runtime.isOpen(invocation) ? new Error(ENDED) : this.#excess();
    if (slot.end !== undefined) throw trapError();
  }

  /** Asked whenever an instance begins, goes on or is kept: in between only one can have grown. */
  #excess(): MemoryExceeded | undefined {
    if (this.#inUse.size < 2) return undefined;
    let bytes = 0;
    for (const slot of this.#inUse) {
      // One whose invocation has ended while it waited does not go on.
      if (slot.invocation !== undefined && !runtime.isOpen(slot.invocation)) this.#inUse.delete(slot);
      else bytes += bytesOf(slot);
    }
    bytes -= this.#makeRoom(bytes - this.#options.memoryBytes);
    if (bytes <= this.#options.memoryBytes) return undefined;
    return new MemoryExceeded(`its instances hold ${bytes} bytes of memory together`);
  }

  /** Lets go of instances that are kept for the next messages. @returns how many bytes they held */
  #makeRoom(wanted: number): number {
    let made = 0;
    while (made < wanted) {
      const at = this.#idle.findIndex(({ isUsed }) => isUsed);
      if (at === -1) break;
      for (const slot of this.#idle.splice(at, 1)) {
        made += bytesOf(slot);
        this.discard(slot);
      }
    }
    return made;
  }

  #create(): Slot<Host, Live> {
    const { memories, createHost } = this.#options;
    const made = memories.map(
      ({ minPages, maxPages }) =>
        new LinearMemory(new runtime.wasm.Memory({ initial: minPages, maximum: maxPages })),
    );
    return new Slot(made, (slot) => createHost(made, (work) => this.#wait(slot, work)));
  }
}

function bytesOf({ memories }: { readonly memories: readonly LinearMemory[] }): number {
  let bytes = 0;
  for (const memory of memories) bytes += memory.bytes.length;
  return bytes;
}
