/** Types of components, as tests write them and as the binary format has them. */
import { list, name, typeIndex, unsigned } from './encoding.ts';

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
