/**
 * The instances of one function. A new one costs several times what most modules do with a message, so one that
 * is done is put back where its module allows it, and otherwise at least its memory and its imports are used again.
 */
import { LinearMemory } from './linear-memory.ts';
import { type GlobalValue, MemoryImage, readGlobals } from './snapshot.ts';
import type { GuestContext, ModuleSpec } from './types.ts';

/** Thrown when the instances hold more memory than the function may; becomes HS_FUNCTION_MEMORY. */
export class MemoryExceeded extends Error {}

const PAGE_BYTES = 65_536;
/** Zeroing a larger memory costs more than making one. */
const MAX_ZEROED_BYTES = 4 * 1024 ** 2;
/** Slots that wait for a message, and the memory of all of them. */
const MAX_IDLE = 32;
const MAX_IDLE_BYTES = 8 * 1024 ** 2;

/** What `Host` is to the imports: their side of an instance. */
export interface HostSide<Host> {
  readonly host: Host;
  readonly imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface LiveInstance {
  readonly run: () => unknown;
  /** To be called before the first message. */
  readonly initialize: (() => void) | undefined;
  /** Undefined when it cannot be put back. */
  readonly globals: readonly GlobalValue[] | undefined;
}

/** A memory and imports, and the instance that has them. */
export class Slot<Host> {
  readonly memory: LinearMemory;
  readonly host: Host;
  readonly imports: HostSide<Host>['imports'];
  instance: LiveInstance | undefined;
  /** Whether its instance has had a message and remembers it. */
  isUsed = false;
  /** Whom it serves. */
  context: GuestContext | undefined;

  constructor(memory: LinearMemory, { host, imports }: HostSide<Host>) {
    this.memory = memory;
    this.host = host;
    this.imports = { ...imports, hairspring: { memory: memory.memory } };
  }
}

export interface InstancesOptions<Host> {
  readonly module: WebAssemblyModule;
  readonly spec: ModuleSpec;
  /** Name of the export that takes a message. */
  readonly entry: string;
  /** Name of the export that is called before the first message. */
  readonly initializer?: string;
  readonly createHost: (memory: LinearMemory) => HostSide<Host>;
  /** The instance is over: what was its own on the side of the host is to go. */
  readonly clearHost?: (host: Host) => void;
}

export class Instances<Host> {
  readonly #options: InstancesOptions<Host>;
  readonly #bytes: number;
  readonly #maxIdle: number;
  /** Those of a module that waits; of any other one runs at a time. */
  readonly #inUse = new Set<Slot<Host>>();
  readonly #idle: Slot<Host>[] = [];
  #image: MemoryImage | undefined;

  constructor(options: InstancesOptions<Host>) {
    this.#options = options;
    this.#bytes = options.spec.minPages * PAGE_BYTES;
    this.#maxIdle =
      this.#bytes > MAX_ZEROED_BYTES ? 0 : Math.min(MAX_IDLE, MAX_IDLE_BYTES / (this.#bytes + 1));
  }

  /** A slot with an instance that has done nothing yet, or was kept. @throws what making it does, MemoryExceeded */
  acquire(context: GuestContext): Slot<Host> & { readonly instance: LiveInstance } {
    const slot = this.#idle.pop() ?? this.#create();
    try {
      if (this.#options.spec.suspends) this.#use(slot, context);
      slot.instance ??= this.#instantiate(slot);
      if (!slot.isUsed) slot.instance.initialize?.();
      return slot as Slot<Host> & { readonly instance: LiveInstance };
    } catch (error) {
      this.discard(slot);
      throw error;
    }
  }

  #use(slot: Slot<Host>, context: GuestContext): void {
    slot.context = context;
    this.#inUse.add(slot);
    // One that waits when its invocation ends never goes on, and nobody releases it.
    context.signal.addEventListener('abort', () => {
      if (slot.context === context) this.#inUse.delete(slot);
    });
    this.check();
  }

  /** The instance has answered. What has grown cannot shrink, and is let go. */
  release(slot: Slot<Host>): void {
    const globals = slot.instance?.globals;
    if (globals === undefined || this.#image === undefined) {
      this.discard(slot);
      return;
    }
    if (!this.#leaves(slot)) return;
    this.#image.restore(slot.memory);
    for (const { global, value } of globals) global.value = value;
    this.#idle.push(slot);
  }

  /** The instance has answered, and serves the next message as it is. */
  keep(slot: Slot<Host>): void {
    slot.context = undefined;
    slot.isUsed = true;
    this.#idle.push(slot);
  }

  /** The instance is over. */
  discard(slot: Slot<Host>): void {
    slot.instance = undefined;
    slot.isUsed = false;
    if (!this.#leaves(slot)) return;
    slot.memory.zero();
    this.#idle.push(slot);
  }

  /** @returns whether it is used again */
  #leaves(slot: Slot<Host>): boolean {
    const { spec, clearHost } = this.#options;
    if (spec.suspends) {
      slot.context = undefined;
      this.#inUse.delete(slot);
    }
    clearHost?.(slot.host);
    return slot.memory.bytes.length === this.#bytes && this.#idle.length < this.#maxIdle;
  }

  /** Asked whenever an instance begins or goes on: in between only one can have grown. */
  check(): void {
    if (this.#inUse.size < 2) return;
    let bytes = 0;
    for (const { memory } of this.#inUse) bytes += memory.bytes.length;
    if (bytes > this.#options.spec.memoryBytes)
      throw new MemoryExceeded(`its instances hold ${bytes} bytes of memory together`);
  }

  #create(): Slot<Host> {
    const { spec, createHost } = this.#options;
    const { minPages, maxPages } = spec;
    const memory = new LinearMemory(new runtime.wasm.Memory({ initial: minPages, maximum: maxPages }));
    return new Slot(memory, createHost(memory));
  }

  #instantiate(slot: Slot<Host>): LiveInstance {
    const { module, spec, entry, initializer = '' } = this.#options;
    const { exports } = new runtime.wasm.Instance(module, slot.imports);
    const run = spec.suspends ? runtime.wasm.promising(exports[entry]) : (exports[entry] as () => unknown);
    const initialize = exports[initializer] as (() => void) | undefined;
    return { run, initialize, globals: this.#readState(slot, exports) };
  }

  #readState(
    { memory }: Slot<Host>,
    exports: WebAssemblyInstance['exports'],
  ): readonly GlobalValue[] | undefined {
    const { state, reuse } = this.#options.spec;
    if (state === undefined || reuse || this.#maxIdle === 0) return undefined;
    this.#image ??= MemoryImage.take(memory, state);
    return readGlobals(exports, state);
  }
}
