import type { ComponentPlan, StepMemory } from '../../../wasm/component/plan.ts';

/** What a message handler is given (../../message.js). */
export interface GuestMessage {
  readonly subject: string;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: {
    get(name: string): string | null;
    entries(): Iterable<readonly [name: string, value: string]>;
  };
  readonly data: Uint8Array;
}

export interface GuestContext {
  /** Milliseconds since the epoch. */
  readonly deadline: number;
}

export type MessageHandler = (message: GuestMessage, env: unknown, context: GuestContext) => unknown;

/**
 * Answers an HTTP request with a reply whose first header is its status.
 * @param line method and absolute URL with a space between them
 * @param pairs names and values of the headers in turn
 */
export type RequestHandler = (
  line: string,
  pairs: readonly string[],
  body: Uint8Array,
  context: GuestContext,
) => unknown;

/** What a module does; at least one of them. */
export interface Handlers {
  message?: MessageHandler;
  request?: RequestHandler;
}

/** How a component is run, as the host found it (../../../wasm/component/compile-component.ts). */
export interface ComponentSpec {
  readonly name: string;
  readonly abi: 'component';
  readonly suspends: boolean;
  readonly environment: Readonly<Record<string, string>>;
  /** Service by label. */
  readonly bindings: Readonly<Record<string, string>>;
  readonly plan: ComponentPlan;
  /** By step of the plan. */
  readonly memories: readonly StepMemory[];
  /** By step of the plan; undefined where an instance may have changed more when it is done. */
  readonly states: readonly InstanceState[] | undefined;
  /** Linear memory that all instances together may hold. */
  readonly memoryBytes: number;
}

/** A part of memory, from `start` to before `end`. */
export interface DataSpan {
  readonly start: number;
  readonly end: number;
}

/** ../../../wasm/prepare-module.ts */
export interface InstanceState {
  /** Names under which the globals are exported. */
  readonly globals: readonly string[];
  /** Where memory is not zero at the start, where that is known. */
  readonly data: DataSpan | undefined;
  /** Whether there is a start function. */
  readonly starts: boolean;
}

/** How a module is run, as the host found it (../../../wasm/inspect-module.ts). */
export interface ModuleSpec {
  readonly name: string;
  readonly abi: 'command' | 'reactor';
  /** Arguments of a command; otherwise its name and the subject. */
  readonly args?: readonly string[];
  /** Whether it calls something that may wait, so that its stack is suspended meanwhile. */
  readonly suspends: boolean;
  /** Whether an instance serves one message after the other; reactors only. */
  readonly reuse: boolean;
  readonly environment: Readonly<Record<string, string>>;
  /** Linear memory that all instances together may hold. */
  readonly memoryBytes: number;
  /** Linear memory of one instance, in pages of 64 KiB. */
  readonly minPages: number;
  readonly maxPages: number;
  /** What an instance may have changed when it is done; undefined where it may be more than this. */
  readonly state: InstanceState | undefined;
  /** Base64 of the files that a command finds in its file system; undefined for no file system. */
  readonly files: Readonly<Record<string, string>> | undefined;
}
