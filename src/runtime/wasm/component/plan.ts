/**
 * A component taken apart: what the host found out about it (./elaborate.ts), and the isolate carries out for each
 * message (../../guest/wasm/components). Plain data, since it crosses as JSON; numbers refer to its lists.
 */

export type Primitive =
  | 'bool'
  | 's8'
  | 'u8'
  | 's16'
  | 'u16'
  | 's32'
  | 'u32'
  | 's64'
  | 'u64'
  | 'f32'
  | 'f64'
  | 'char'
  | 'string';

/** A type of a value. Tuples are records; options, results and enumerations are variants. */
export type PlanType =
  | Primitive
  | { readonly kind: 'list'; readonly of: number }
  | { readonly kind: 'record'; readonly fields: readonly number[] }
  | { readonly kind: 'variant'; readonly cases: readonly (number | null)[] }
  | { readonly kind: 'flags'; readonly count: number }
  | { readonly kind: 'own' | 'borrow'; readonly resource: number };

export interface PlanSignature {
  readonly params: readonly number[];
  readonly result: number | null;
}

/** Something that a core instance exports, or that is made for one. */
export type CoreItem =
  | { readonly kind: 'export'; readonly instance: number; readonly name: string }
  | { readonly kind: 'lower'; readonly index: number }
  | {
      readonly kind: 'resource';
      readonly operation: 'new' | 'drop' | 'rep';
      readonly resource: number;
      readonly handles: number;
    };

export interface PlanOptions {
  readonly memory: CoreItem | null;
  readonly realloc: CoreItem | null;
  readonly postReturn: CoreItem | null;
  /** The table of handles of the component instance. */
  readonly handles: number;
}

/** A function of the component's own. */
export interface LiftedFunction {
  readonly kind: 'lift';
  readonly core: CoreItem;
  readonly signature: PlanSignature;
  readonly options: PlanOptions;
}

/** A function of the host. */
export interface HostFunction {
  readonly kind: 'host';
  /** Without its version. */
  readonly from: string;
  readonly name: string;
  readonly signature: PlanSignature;
}

export interface LoweredFunction {
  readonly func: LiftedFunction | HostFunction;
  readonly options: PlanOptions;
}

/** One core instance; they are made in their order. */
export interface PlanStep {
  readonly module: number;
  /** By name of the import module: all exports of an instance, or items by name. */
  readonly imports: readonly (readonly [
    module: string,
    from: number | readonly (readonly [name: string, item: CoreItem])[],
  ])[];
}

export interface PlanResource {
  /** Table of the component instance that defines it; null for one of the host's. */
  readonly handles: number | null;
  readonly destructor: CoreItem | null;
}

/** Linear memory of the instances of one step, in pages of 64 KiB; null for a module that defines none. */
export type StepMemory = { readonly minPages: number; readonly maxPages: number } | null;

export interface ComponentPlan {
  readonly types: readonly PlanType[];
  readonly resources: readonly PlanResource[];
  readonly lowered: readonly LoweredFunction[];
  readonly steps: readonly PlanStep[];
  /** Tables of handles: one for each component instance. */
  readonly tables: number;
  /** What is called with a message, and how; null for a component that answers HTTP alone. */
  readonly handler: { readonly kind: 'message' | 'run'; readonly func: LiftedFunction } | null;
  /** What is called with an HTTP request. */
  readonly http: LiftedFunction | null;
}
