/** One instance of a component: its core instances, and the functions between them and the host. */
import type { CoreItem, PlanOptions } from '../../../wasm/component/plan.ts';
import type { Common, GlobalValue, InstanceState, LinearMemory } from '../functions/index.ts';
import type { FlatReader } from './codec.ts';
import { Handles } from './handles.ts';
import type { HostCall, HostState } from './host/index.ts';
import { Place } from './place.ts';
import type { Lifted, Lowered, Prepared, Signature } from './prepare.ts';

type ReadGlobals = Common['readGlobals'];
type CoreFunction = (...args: unknown[]) => unknown;

/** A resource of the host's, as far as it is to know that nobody has it any more. */
interface HostResource {
  dropped?(): void;
}

/** Name of the import module that a prepared module has its memory from (../../../wasm/import-memory.ts). */
const MEMORY_IMPORT = 'hairspring';

/** What an instance works on, on the side of the host. */
export class ComponentHost {
  readonly state: HostState;
  /** By component instance of the plan. */
  readonly tables: readonly Handles[];

  constructor(state: HostState, tables: number) {
    this.state = state;
    this.tables = Array.from({ length: tables }, (_, table) => new Handles(table));
  }

  clear(): void {
    this.state.clear();
    for (const table of this.tables) table.clear();
  }
}

export class ComponentInstance {
  readonly #prepared: Prepared;
  readonly #host: ComponentHost;
  readonly #exports: Readonly<Record<string, unknown>>[] = [];
  #isMade = false;
  #hasAsked = false;

  /** @param memories by step; undefined where its module has none of its own */
  constructor(
    prepared: Prepared,
    modules: readonly WebAssemblyModule[],
    memories: readonly (LinearMemory | undefined)[],
    host: ComponentHost,
  ) {
    this.#prepared = prepared;
    this.#host = host;
    for (const [index, step] of prepared.plan.steps.entries()) {
      const imports: Record<string, Record<string, unknown>> = Object.create(null);
      for (const [name, from] of step.imports) imports[name] = this.#importsOf(from);
      const own = memories[index];
      if (own !== undefined) imports[MEMORY_IMPORT] = { memory: own.memory };
      const module = modules[step.module] as WebAssemblyModule;
      this.#exports.push(new runtime.wasm.Instance(module, imports).exports);
    }
    this.#isMade = true;
  }

  /**
   * What its globals hold; undefined when one of them cannot be put back, or a start function has asked the host for
   * anything, so that it may do another thing each time.
   */
  readGlobals(states: readonly InstanceState[], read: ReadGlobals): readonly GlobalValue[] | undefined {
    if (this.#hasAsked) return undefined;
    const all: GlobalValue[] = [];
    for (const [step, state] of states.entries()) {
      const globals = read(this.#exports[step] ?? {}, state);
      if (globals === undefined) return undefined;
      all.push(...globals);
    }
    return all;
  }

  #importsOf(from: number | readonly (readonly [string, CoreItem])[]): Record<string, unknown> {
    if (typeof from === 'number') return this.#exports[from] as Record<string, unknown>;
    const items: Record<string, unknown> = Object.create(null);
    for (const [name, item] of from) items[name] = this.#item(item);
    return items;
  }

  #item(item: CoreItem | null): unknown {
    if (item === null) return undefined;
    if (item.kind === 'export') return this.#exports[item.instance]?.[item.name];
    if (item.kind === 'lower') return this.#lower(this.#prepared.lowered[item.index] as Lowered);
    return this.#resourceFunction(item);
  }

  #handles(table: number): Handles {
    return this.#host.tables[table] as Handles;
  }

  #place({ handles, memory, realloc }: PlanOptions): Place {
    return new Place(this.#handles(handles), this.#item(memory), this.#item(realloc));
  }

  #resourceFunction({ operation, resource, handles }: Extract<CoreItem, { kind: 'resource' }>): unknown {
    const table = this.#handles(handles);
    if (operation === 'new')
      return (value: number) => {
        this.#ask();
        return table.add({ resource, value, owned: true });
      };
    if (operation === 'rep') return (handle: number) => table.get(handle >>> 0, resource).value;
    return (index: number) => {
      const handle = table.remove(index >>> 0, resource);
      const destructor = this.#prepared.plan.resources[resource]?.destructor ?? null;
      if (!handle.owned) return;
      if (destructor !== null) (this.#item(destructor) as CoreFunction)(handle.value);
      else (handle.value as HostResource | undefined)?.dropped?.();
    };
  }

  /** A core function that calls the host, or another part of the component. */
  #lower({ signature, options, call, waits }: Lowered): unknown {
    const place = this.#place(options);
    const target =
      typeof call === 'function'
        ? (args: unknown[]) => this.#callHost(call, args, signature)
        : this.lifted(call, waits);
    const { result, isDirect } = signature;
    const lowered = (...flat: unknown[]): unknown => {
      const reader: FlatReader = { values: flat, at: 0 };
      const args = liftParams(place, reader, signature);
      const pointer = isDirect ? 0 : (flat[reader.at] as number) >>> 0;
      const give = (value: unknown): unknown => {
        if (result === undefined) return undefined;
        if (!isDirect) {
          result.store(place, pointer, value);
          return undefined;
        }
        const out: unknown[] = [];
        result.lower(place, value, out);
        return out[0];
      };
      const value = target(args);
      return waits && value instanceof Promise ? value.then(give) : give(value);
    };
    return waits ? new runtime.wasm.Suspending(lowered) : lowered;
  }

  #callHost(call: HostCall, args: unknown[], { isFallible }: Signature): unknown {
    this.#ask();
    return call(this.#host.state, args as never, isFallible);
  }

  #ask(): void {
    if (!this.#isMade) this.#hasAsked = true;
  }

  /** A function of the component, for values. It gives a promise when it may wait. */
  lifted({ core, signature, options }: Lifted, waits: boolean): (args: unknown[]) => unknown {
    const place = this.#place(options);
    const plain = this.#item(core) as CoreFunction;
    const called = waits ? runtime.wasm.promising(plain) : plain;
    const postReturn = this.#item(options.postReturn) as CoreFunction | undefined;
    const finish = (flat: unknown): unknown => {
      const value = liftResult(place, flat, signature);
      if (postReturn !== undefined) postReturn(...(signature.result === undefined ? [] : [flat]));
      return value;
    };
    return (args) => {
      const flat = called(...lowerParams(place, args, signature));
      return waits ? (flat as Promise<unknown>).then(finish) : finish(flat);
    };
  }
}

function liftParams(place: Place, reader: FlatReader, { params, spilled }: Signature): unknown[] {
  if (spilled === undefined) return params.map((param) => param.lift(place, reader));
  const pointer = (reader.values[reader.at++] as number) >>> 0;
  return spilled.load(place, pointer) as unknown[];
}

function lowerParams(place: Place, args: unknown[], { params, spilled }: Signature): unknown[] {
  const flat: unknown[] = [];
  if (spilled === undefined) {
    for (let index = 0; index < params.length; index += 1) params[index]?.lower(place, args[index], flat);
    return flat;
  }
  const pointer = place.realloc(0, 0, spilled.align, spilled.size);
  spilled.store(place, pointer, args);
  return [pointer];
}

function liftResult(place: Place, flat: unknown, { result, isDirect }: Signature): unknown {
  if (result === undefined) return undefined;
  if (isDirect) return result.lift(place, { values: [flat], at: 0 });
  return result.load(place, (flat as number) >>> 0);
}
