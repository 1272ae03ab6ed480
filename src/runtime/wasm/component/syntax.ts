/** The parts of a component as they are written. https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md */
import type { Primitive } from './plan.ts';

export type CoreSort = 'func' | 'table' | 'memory' | 'global' | 'tag' | 'type' | 'module' | 'instance';
export type Sort = 'func' | 'value' | 'type' | 'component' | 'instance' | `core ${CoreSort}`;

/** A primitive, or the index of a type. */
export type TypeRef = Primitive | number;

export type ValueSyntax =
  | { readonly kind: 'primitive'; readonly name: Primitive }
  | { readonly kind: 'list'; readonly of: TypeRef }
  | { readonly kind: 'record'; readonly fields: readonly (readonly [name: string, type: TypeRef])[] }
  | {
      readonly kind: 'variant';
      readonly cases: readonly (readonly [name: string, type: TypeRef | undefined])[];
    }
  | { readonly kind: 'flags'; readonly names: readonly string[] }
  | { readonly kind: 'own' | 'borrow'; readonly resource: number };

export type TypeSyntax =
  | ValueSyntax
  | {
      readonly kind: 'func';
      readonly params: readonly (readonly [name: string, type: TypeRef])[];
      readonly result: TypeRef | undefined;
    }
  | { readonly kind: 'component' | 'instance'; readonly declarations: readonly Declaration[] }
  | { readonly kind: 'resource'; readonly destructor: number | undefined };

export type Alias = { readonly sort: Sort } & (
  | { readonly of: 'export' | 'core export'; readonly instance: number; readonly name: string }
  | { readonly of: 'outer'; readonly count: number; readonly index: number }
);

/** What an import or export is said to be; a type is equal to another or a new resource. */
export type Extern =
  | { readonly sort: 'func' | 'component' | 'instance' | 'core module'; readonly index: number }
  | { readonly sort: 'type'; readonly equals: number | undefined };

export type Declaration =
  | { readonly kind: 'type'; readonly type: TypeSyntax }
  | { readonly kind: 'alias'; readonly alias: Alias }
  | { readonly kind: 'import' | 'export'; readonly name: string; readonly extern: Extern };

/** Something named, by its sort and index. */
export type Named = readonly [name: string, sort: Sort, index: number];

export interface CanonOptions {
  readonly memory: number | undefined;
  readonly realloc: number | undefined;
  readonly postReturn: number | undefined;
}

export type Definition =
  | { readonly kind: 'core module'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'core instance';
      /** Undefined for one that is made of what others export. */
      readonly module: number | undefined;
      readonly items: readonly Named[];
    }
  | { readonly kind: 'component'; readonly definitions: readonly Definition[] }
  | { readonly kind: 'instance'; readonly component: number | undefined; readonly items: readonly Named[] }
  | { readonly kind: 'alias'; readonly alias: Alias }
  | { readonly kind: 'type'; readonly type: TypeSyntax }
  | {
      readonly kind: 'lift';
      readonly func: number;
      readonly type: number;
      readonly options: CanonOptions;
    }
  | { readonly kind: 'lower'; readonly func: number; readonly options: CanonOptions }
  | {
      readonly kind: 'resource';
      readonly operation: 'new' | 'drop' | 'rep';
      readonly type: number;
    }
  | { readonly kind: 'import'; readonly name: string; readonly extern: Extern }
  | { readonly kind: 'export'; readonly name: string; readonly sort: Sort; readonly index: number };
