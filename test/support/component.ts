/** WebAssembly components for tests: core modules from text, and the definitions around them. */

import type { WasmFunction } from '../../src/runtime/index.ts';
import { type CompileOptions, compileBytes, toWasm } from './wasm.ts';

/** A type of a value as a test writes it. */
export type TypeText =
  | 'bool'
  | 'u8'
  | 'u16'
  | 'u32'
  | 's64'
  | 'u64'
  | 'f32'
  | 'f64'
  | 'char'
  | 'string'
  | ComposedText;

interface FieldText extends Readonly<[name: string, type: TypeText]> {}
interface CaseText extends Readonly<[name: string, type: TypeText | null]> {}
interface OfText extends Readonly<[kind: 'list' | 'option', of: TypeText]> {}
interface ResultText extends Readonly<[kind: 'result', ok: TypeText | null, error: TypeText | null]> {}

type ComposedText =
  | OfText
  | ResultText
  | readonly ['record', readonly FieldText[]]
  | readonly ['variant', readonly CaseText[]]
  | readonly ['tuple', readonly TypeText[]]
  | readonly ['enum' | 'flags', readonly string[]]
  | readonly ['own' | 'borrow', string];

export interface FunctionText {
  readonly name: string;
  readonly params: readonly TypeText[];
  readonly result?: TypeText;
}

/** An interface that the component imports. */
export interface ImportText {
  readonly from: string;
  readonly resources?: readonly string[];
  /** Resources of interfaces before it. */
  readonly outer?: readonly string[];
  readonly functions: readonly FunctionText[];
}

const PRIMITIVES = {
  bool: 0x7f,
  u8: 0x7d,
  u16: 0x7b,
  u32: 0x79,
  s64: 0x78,
  u64: 0x77,
  f32: 0x76,
  f64: 0x75,
  char: 0x74,
  string: 0x73,
} as const;

export function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** An index among types is signed, so that it is told from a primitive. */
export function typeIndex(index: number): number[] {
  return index < 0x40 ? [index] : [(index & 0x7f) | 0x80, ...typeIndex(index >>> 7)];
}

export function name(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...unsigned(bytes.length), ...bytes];
}

const externName = (text: string): number[] => [0, ...name(text)];

function list(items: readonly (readonly number[])[]): number[] {
  return unsigned(items.length).concat(items.flat());
}

export function section(id: number, items: readonly (readonly number[])[]): Uint8Array {
  const content = Uint8Array.from(list(items));
  return Buffer.concat([Uint8Array.from([id, ...unsigned(content.length)]), content]);
}

const HEADER = Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]);

export function joinSections(...sections: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([HEADER, ...sections]);
}

export function moduleSection(module: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.from([1, ...unsigned(module.length)]), module]);
}

/** The types of one index space, each written when it is first needed. */
export class TypeList {
  readonly items: number[][] = [];
  readonly #resources = new Map<string, number>();

  /** What is put before a definition: types of instances have other things between them. */
  readonly #prefix: readonly number[];
  #count = 0;

  constructor(prefix: readonly number[] = []) {
    this.#prefix = prefix;
  }

  add(definition: readonly number[]): number {
    this.items.push([...this.#prefix, ...definition]);
    this.#count += 1;
    return this.#count - 1;
  }

  /** Something that takes a place among the types, and is written as it is. */
  place(resource: string, definition: readonly number[] | undefined): number {
    if (definition !== undefined) this.items.push([...definition]);
    this.#resources.set(resource, this.#count);
    this.#count += 1;
    return this.#count - 1;
  }

  resource(called: string): number {
    return this.#resources.get(called) ?? Number.NaN;
  }

  ref(type: TypeText): number[] {
    if (typeof type === 'string') return [PRIMITIVES[type]];
    return typeIndex(this.add(this.#definition(type)));
  }

  #definition(type: Exclude<TypeText, string>): number[] {
    const optional = (each: TypeText | null): number[] => (each === null ? [0] : [1, ...this.ref(each)]);
    switch (type[0]) {
      case 'list':
        return [0x70, ...this.ref(type[1])];
      case 'option':
        return [0x6b, ...this.ref(type[1])];
      case 'result':
        return [0x6a, ...optional(type[1]), ...optional(type[2])];
      case 'own':
        return [0x69, ...unsigned(this.resource(type[1]))];
      case 'borrow':
        return [0x68, ...unsigned(this.resource(type[1]))];
      case 'enum':
      case 'flags': {
        const [kind, labels] = type;
        return [kind === 'enum' ? 0x6d : 0x6e, ...list(labels.map(name))];
      }
      case 'tuple': {
        const [, parts] = type;
        return [0x6f, ...list(parts.map((each) => this.ref(each)))];
      }
      case 'record': {
        const [, fields] = type;
        return [0x72, ...list(fields.map(([label, each]) => [...name(label), ...this.ref(each)]))];
      }
      case 'variant': {
        const [, cases] = type;
        return [0x71, ...list(cases.map(([label, each]) => [...name(label), ...optional(each), 0]))];
      }
    }
  }

  func({ params, result }: Omit<FunctionText, 'name'>): number {
    const parts = params.map((type, index) => [...name(`p${index}`), ...this.ref(type)]);
    const ending = result === undefined ? [1, 0] : [0, ...this.ref(result)];
    return this.add([0x40, ...list(parts), ...ending]);
  }
}

const HEADER_TYPE: TypeText = [
  'record',
  [
    ['name', 'string'],
    ['value', 'string'],
  ],
];
const HEADERS: TypeText = ['list', HEADER_TYPE];
const MESSAGE: TypeText = [
  'record',
  [
    ['subject', 'string'],
    ['headers', HEADERS],
    ['data', ['list', 'u8']],
    ['params', HEADERS],
  ],
];
const REPLY: TypeText = [
  'record',
  [
    ['data', ['list', 'u8']],
    ['headers', HEADERS],
  ],
];
export const HANDLER: FunctionText = {
  name: 'handle-message',
  params: [MESSAGE],
  result: ['result', REPLY, 'string'],
};

/** `handle` of wasi:http/incoming-handler. */
export const HTTP_HANDLE: FunctionText = {
  name: 'handle',
  params: [
    ['own', 'incoming-request'],
    ['own', 'response-outparam'],
  ],
};

/** `run` of wasi:cli/run. */
export const RUN: FunctionText = { name: 'run', params: [], result: ['result', null, null] };

/** An allocator that never frees. */
const ALLOCATOR = `(global $at (mut i32) (i32.const 8192))
  (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $to i32)
    (local.set $to (i32.and (i32.add (global.get $at) (i32.sub (local.get 2) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get 2))))
    (global.set $at (i32.add (local.get $to) (local.get 3)))
    (local.get $to))`;
const memoryOf = (limits: string): string => `(memory (export "memory") ${limits})`;

export interface ComponentText {
  /** Instructions of the handler, whose parameters are `$subject $subjectLength $headers $headersCount $data …`. */
  readonly body: string;
  /** Other fields of its module; functions of the host are imported from "host" by their names. */
  readonly rest?: string;
  readonly imports?: readonly ImportText[];
  readonly handler?: FunctionText;
  /** Instructions of `handle-message` beside the handler. Of components that import. @default none */
  readonly message?: string;
  /** Under which name it is exported. */
  readonly exported?: string;
  /** The interface in which it is exported. @default none */
  readonly exportedIn?: string;
  /** Limits of the memory. */
  readonly memory?: string;
}

const PARAMS = [
  'subject',
  'subjectLength',
  'headers',
  'headersCount',
  'data',
  'dataLength',
  'params',
  'paramsCount',
]
  .map((each) => `(param $${each} i32)`)
  .join(' ');

/** Where the tests' handlers write their results. */
export const RESULT = '(i32.const 1024)';

/** Instructions that write a reply with bytes of the memory and without headers. */
export function storeReply(pointer: string, length: string): string {
  return `(i32.store8 (i32.const 1024) (i32.const 0))
    (i32.store (i32.const 1028) ${pointer}) (i32.store (i32.const 1032) ${length})
    (i32.store (i32.const 1036) (i32.const 0)) (i32.store (i32.const 1040) (i32.const 0))`;
}

/** The same as the last of a handler. */
export function answer(pointer: string, length: string): string {
  return `${storeReply(pointer, length)} ${RESULT}`;
}

/** Answers with the payload. */
export const ECHO: string = answer('(local.get $data)', '(local.get $dataLength)');

/**
 * The bytes of a component. What imports nothing is one module; otherwise a module of its own has the memory, which
 * the functions of the host need before there is an instance to give them to.
 */
export function buildComponent(text: ComponentText): Uint8Array {
  const { body, rest = '', imports = [], handler = HANDLER, memory = '1' } = text;
  const { exported = handler.name, exportedIn } = text;
  const params =
    handler === HANDLER
      ? `${PARAMS} (result i32)`
      : handler === HTTP_HANDLE
        ? '(param $request i32) (param $outparam i32)'
        : '(result i32)';
  const handle = `(func (export "handle") ${params} ${body})`;
  const parts = { handler, exported, exportedIn };
  if (imports.length === 0)
    return wrapModule(toWasm(`(module ${memoryOf(memory)} ${ALLOCATOR} ${rest} ${handle})`), parts);
  const main = toWasm(`(module (import "memory" "memory" (memory ${memory}))
    (import "memory" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
    ${rest} ${handle}
    ${text.message === undefined ? '' : `(func (export "message") ${PARAMS} (result i32) ${text.message})`})`);
  const own = toWasm(`(module ${memoryOf(memory)} ${ALLOCATOR})`);
  return wrapModules(own, main, imports, parts, text.message !== undefined);
}

interface HandlerText {
  readonly handler: FunctionText;
  readonly exported: string;
  readonly exportedIn: string | undefined;
}

/** A component of a module that exports memory, realloc and its handler as `handle`. */
export function wrapModule(
  module: Uint8Array,
  parts: HandlerText = { handler: HANDLER, exported: HANDLER.name, exportedIn: undefined },
): Uint8Array {
  const types = new TypeList();
  const type = types.func(parts.handler);
  return joinSections(
    moduleSection(module),
    section(2, [[0, 0, 0]]),
    section(6, [
      [0, 2, 1, 0, ...name('memory')],
      [0, 0, 1, 0, ...name('realloc')],
      [0, 0, 1, 0, ...name('handle')],
    ]),
    section(7, types.items),
    ...handlerSections(parts, { core: 1, type, func: 0, instance: 0 }),
  );
}

/** Options of every function: its memory and its realloc. */
const OPTIONS = list([
  [3, 0],
  [4, 0],
]);

function wrapModules(
  memory: Uint8Array,
  main: Uint8Array,
  imports: readonly ImportText[],
  parts: HandlerText,
  hasMessage: boolean,
): Uint8Array {
  const types = new TypeList();
  const sections: Uint8Array[] = [moduleSection(memory), moduleSection(main)];
  const flushTypes = (): void => {
    sections.push(section(7, types.items.splice(0)));
  };
  // The memory, and its realloc as core function 0.
  sections.push(section(2, [[0, 0, 0]]));
  sections.push(
    section(6, [
      [0, 2, 1, 0, ...name('memory')],
      [0, 0, 1, 0, ...name('realloc')],
    ]),
  );
  let functions = 0;
  const hosts: string[] = [];
  for (const [index, { from, resources = [], outer = [], functions: imported }] of imports.entries()) {
    const inner = new TypeList([1]);
    for (const resource of outer) inner.place(resource, [2, 3, 2, 1, ...unsigned(types.resource(resource))]);
    for (const resource of resources) inner.place(resource, [4, ...externName(resource), 3, 1]);
    const exports = imported.map((each) => {
      const type = inner.func(each);
      return [4, ...externName(each.name), 1, ...unsigned(type)];
    });
    const type = types.add([0x42, ...list([...inner.items, ...exports])]);
    flushTypes();
    sections.push(section(10, [[...externName(from), 5, ...unsigned(type)]]));
    for (const resource of resources) {
      sections.push(section(6, [[3, 0, ...unsigned(index), ...name(resource)]]));
      const place = types.place(resource, undefined);
      sections.push(section(8, [[3, ...unsigned(place)]]));
      hosts.push(`drop ${resource}`);
    }
    for (const each of imported) {
      sections.push(section(6, [[1, 0, ...unsigned(index), ...name(each.name)]]));
      sections.push(section(8, [[1, 0, ...unsigned(functions), ...OPTIONS]]));
      functions += 1;
      hosts.push(each.name);
    }
  }
  // Core functions: realloc, then those of the host.
  sections.push(
    section(2, [
      [1, ...list(hosts.map((each, index) => [...name(each), 0, ...unsigned(index + 1)]))],
      [
        0,
        1,
        ...list([
          [...name('memory'), 0x12, 0],
          [...name('host'), 0x12, 1],
        ]),
      ],
    ]),
  );
  const type = types.func(parts.handler);
  const messageType = hasMessage ? types.func(HANDLER) : Number.NaN;
  flushTypes();
  sections.push(section(6, [[0, 0, 1, 2, ...name('handle')]]));
  const places = { core: hosts.length + 1, type, func: functions, instance: imports.length };
  sections.push(...handlerSections(parts, places));
  if (!hasMessage) return joinSections(...sections);
  sections.push(section(6, [[0, 0, 1, 2, ...name('message')]]));
  const message = { handler: HANDLER, exported: HANDLER.name, exportedIn: undefined };
  const next = { ...places, core: places.core + 1, type: messageType, func: functions + 1 };
  return joinSections(...sections, ...handlerSections(message, next));
}

/** The handler as a function of the component, and its export; with the indexes that are used and taken. */
function handlerSections(
  { exported, exportedIn }: HandlerText,
  places: Readonly<Record<'core' | 'type' | 'func' | 'instance', number>>,
): Uint8Array[] {
  const lifted = section(8, [[0, 0, ...unsigned(places.core), ...OPTIONS, ...unsigned(places.type)]]);
  const item = [...externName(exported), 1, ...unsigned(places.func)];
  if (exportedIn === undefined) return [lifted, section(11, [[...item, 0]])];
  return [
    lifted,
    section(5, [[1, ...list([item])]]),
    section(11, [[...externName(exportedIn), 5, ...unsigned(places.instance), 0]]),
  ];
}

/** A component as the cell compiles it. */
export function compileComponent(text: ComponentText, options: CompileOptions = {}): WasmFunction {
  return compileBytes(buildComponent(text), options);
}
