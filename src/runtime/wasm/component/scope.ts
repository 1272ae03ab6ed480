import { damaged } from '../binary-reader.ts';
import type { CoreItem, Primitive } from './plan.ts';
import type { Declaration, Definition, Sort } from './syntax.ts';

/** A type of a value, with what it refers to. */
export type ValueType = { readonly depth: number } & (
  | { readonly kind: 'primitive'; readonly name: Primitive }
  | { readonly kind: 'list'; readonly of: ValueType }
  | { readonly kind: 'record'; readonly fields: readonly (readonly [name: string, type: ValueType])[] }
  | {
      readonly kind: 'variant';
      readonly cases: readonly (readonly [name: string, type: ValueType | undefined])[];
    }
  | { readonly kind: 'flags'; readonly names: readonly string[] }
  | { readonly kind: 'own' | 'borrow'; readonly resource: ResourceType }
);

export interface FunctionType {
  readonly kind: 'func';
  readonly params: readonly ValueType[];
  readonly result: ValueType | undefined;
}

export interface ResourceType {
  readonly kind: 'resource';
  /** Its place among the resources of the plan. */
  readonly id: number;
}

/** A type of instances or components, which means something only together with where it stands. */
export interface DeclaredType {
  readonly kind: 'component' | 'instance';
  readonly declarations: readonly Declaration[];
  readonly scope: Scope;
}

export type Type = ValueType | FunctionType | ResourceType | DeclaredType;

/** A function of the host or of a component, before it is written into the plan. */
export type FunctionItem =
  | { readonly kind: 'host'; readonly from: string; readonly name: string; readonly type: FunctionType }
  | {
      readonly kind: 'lift';
      readonly core: CoreItem;
      readonly type: FunctionType;
      readonly options: {
        readonly memory: CoreItem | null;
        readonly realloc: CoreItem | null;
        readonly postReturn: CoreItem | null;
        readonly handles: number;
      };
    };

/** A component that can be instantiated, and the scope that it looks outwards to. */
export interface ComponentItem {
  readonly definitions: readonly Definition[];
  readonly scope: Scope;
}

/** Exports by name. */
export type InstanceItem = ReadonlyMap<string, Entity>;

/** All exports of a step, or some items. */
export type CoreInstanceItem = { readonly step: number } | { readonly items: ReadonlyMap<string, CoreItem> };

export interface Items {
  readonly func: FunctionItem;
  readonly type: Type;
  readonly instance: InstanceItem;
  readonly component: ComponentItem;
  readonly 'core module': number;
  readonly 'core instance': CoreInstanceItem;
  readonly 'core func': CoreItem;
  readonly 'core table': CoreItem;
  readonly 'core memory': CoreItem;
  readonly 'core global': CoreItem;
  readonly 'core tag': CoreItem;
}

export type ItemSort = keyof Items;

/** Something of a sort. */
export type Entity = { [Each in ItemSort]: { readonly sort: Each; readonly item: Items[Each] } }[ItemSort];

/** The index spaces of one component instance, or of one type of instances. */
export class Scope {
  readonly parent: Scope | undefined;
  /** The table of handles of the component instance. */
  readonly handles: number;
  readonly #spaces: { [Each in ItemSort]: Items[Each][] } = {
    func: [],
    type: [],
    instance: [],
    component: [],
    'core module': [],
    'core instance': [],
    'core func': [],
    'core table': [],
    'core memory': [],
    'core global': [],
    'core tag': [],
  };

  constructor(parent: Scope | undefined, handles: number) {
    this.parent = parent;
    this.handles = handles;
  }

  /** @throws HS_WASM_INVALID when there is none of that index */
  get<Each extends ItemSort>(sort: Each, index: number): Items[Each] {
    const item = this.#spaces[sort][index];
    if (item === undefined) throw damaged(`the component refers to its ${sort} ${index}, which is not there`);
    return item;
  }

  add<Each extends ItemSort>(sort: Each, item: Items[Each]): void {
    this.#spaces[sort].push(item);
  }

  addEntity({ sort, item }: Entity): void {
    this.add(sort, item);
  }

  entity(sort: Sort, index: number): Entity {
    if (!(sort in this.#spaces)) throw damaged(`the component refers to a ${sort}`);
    return { sort, item: this.get(sort as ItemSort, index) } as Entity;
  }
}
