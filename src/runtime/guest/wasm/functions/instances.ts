/**
 * The instances of one function. A new one costs several times what most functions do with a message, so one that
 * is done is put back where that is known to be possible, and otherwise at least its memories and what the host has
 * made for it are used again.
 */
import { LinearMemory } from './linear-memory.ts';
import { type GlobalValue, MemoryImage } from './snapshot.ts';
import type { DataSpan, GuestContext } from './types.ts';

/** Thrown when the instances hold more memory than the function may; becomes HS_FUNCTION_MEMORY. */
export class MemoryExceeded extends Error {}

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

/** Memories, what the host has made for them (`Host`), and the instance that has both (`Live`). */
export class Slot<Host, Live> {
  readonly memories: readonly LinearMemory[];
  readonly host: Host;
  made: Made<Live> | undefined;
  /** Whether its instance has had a message and remembers it. */
  isUsed = false;
  /** Whom it serves. */
  context: GuestContext | undefined;

  constructor(memories: readonly LinearMemory[], host: Host) {
    this.memories = memories;
    this.host = host;
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
  readonly createHost: (memories: readonly LinearMemory[]) => Host;
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
  }

  /** A slot for one message; `ready` gives its instance. @throws MemoryExceeded */
  take(context: GuestContext): Slot<Host, Live> {
    const slot = this.#idle.pop() ?? this.#create();
    if (this.#options.suspends) this.#use(slot, context);
    return slot;
  }

  #use(slot: Slot<Host, Live>, context: GuestContext): void {
    slot.context = context;
    this.#inUse.add(slot);
    // One that waits when its invocation ends never goes on, and nobody releases it.
    context.signal.addEventListener('abort', () => {
      if (slot.context === context) this.#inUse.delete(slot);
    });
    try {
      this.check();
    } catch (error) {
      this.discard(slot);
      throw error;
    }
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

  /** The instance has answered, and serves the next message as it is. */
  keep(slot: Slot<Host, Live>): void {
    slot.context = undefined;
    slot.isUsed = true;
    this.#idle.push(slot);
  }

  /** The instance is over. */
  discard(slot: Slot<Host, Live>): void {
    slot.made = undefined;
    slot.isUsed = false;
    if (!this.#leaves(slot)) return;
    for (const memory of slot.memories) memory.zero();
    this.#idle.push(slot);
  }

  /** @returns whether it is used again */
  #leaves(slot: Slot<Host, Live>): boolean {
    const { suspends, clearHost } = this.#options;
    if (suspends) {
      slot.context = undefined;
      this.#inUse.delete(slot);
    }
    clearHost?.(slot.host);
    return this.#idle.length < this.#maxIdle && bytesOf(slot) === this.#bytes;
  }

  /** Asked whenever an instance begins or goes on: in between only one can have grown. */
  check(): void {
    if (this.#inUse.size < 2) return;
    let bytes = 0;
    for (const slot of this.#inUse) bytes += bytesOf(slot);
    if (bytes > this.#options.memoryBytes)
      throw new MemoryExceeded(`its instances hold ${bytes} bytes of memory together`);
  }

  #create(): Slot<Host, Live> {
    const { memories, createHost } = this.#options;
    const made = memories.map(
      ({ minPages, maxPages }) =>
        new LinearMemory(new runtime.wasm.Memory({ initial: minPages, maximum: maxPages })),
    );
    return new Slot(made, createHost(made));
  }
}

function bytesOf({ memories }: { readonly memories: readonly LinearMemory[] }): number {
  let bytes = 0;
  for (const memory of memories) bytes += memory.bytes.length;
  return bytes;
}
