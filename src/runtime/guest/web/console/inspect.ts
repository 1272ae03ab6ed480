import {
  BOXES,
  hasSlot,
  isError,
  platformClassOf,
  readBufferSize,
  readDate,
  readMapSize,
  readRegExpSource,
  readSetSize,
  readViewName,
} from '../shared/platform.ts';

/** So many members of each container are shown. */
const MAX_MEMBERS = 100;
const MAX_STRING = 2_000;
/** Of an array that is longer only the items are shown, not what else it may have. */
const MAX_KEYS = 10_000;
/** Items up to this length share a line. */
const MAX_SHORT = 16;
/** A log line has no more room; what is left is not looked at. */
const MAX_TOTAL = 8_192;
const LINE = 76;
const DEFAULT_DEPTH = 4;

interface Walk {
  readonly depth: number;
  /** The containers that one is inside of. */
  readonly above: object[];
  /** Characters that have been written, about. */
  written: number;
}

/** A value as a reader of the log wants it. Runs getters of the platform only. */
export function inspect(value: unknown, depth: number = DEFAULT_DEPTH): string {
  return show(value, { depth, above: [], written: 0 });
}

function show(value: unknown, walk: Walk): string {
  const text =
    typeof value === 'object' && value !== null ? showObject(value, walk) : showPrimitive(value, walk);
  walk.written += text.length;
  return text;
}

function showPrimitive(value: unknown, walk: Walk): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'symbol') return value.toString();
  if (typeof value === 'function') return showFunction(value, walk);
  return Object.is(value, -0) ? '-0' : `${value}`;
}

function quote(text: string): string {
  const cut = text.length > MAX_STRING ? `${text.slice(0, MAX_STRING)}…` : text;
  const mark = !cut.includes("'") ? "'" : !cut.includes('"') ? '"' : '`';
  const escaped = JSON.stringify(cut).slice(1, -1).replaceAll('\\"', '"');
  return `${mark}${mark === '`' ? escaped.replaceAll('`', '\\`') : escaped}${mark}`;
}

function showFunction(value: object, walk: Walk): string {
  const isClass = /^class\b/.test(Reflect.apply(Function.prototype.toString, value, []));
  const name = ownText(value, 'name');
  const head = isClass
    ? `[class ${name || '(anonymous)'}]`
    : `[Function${name === '' ? ' (anonymous)' : `: ${name}`}]`;
  const members = showMembers(value, walk, []);
  return members.length === 0 ? head : `${head} ${layOut('{', members, '}')}`;
}

function ownText(value: object, name: string): string {
  const found: unknown = Object.getOwnPropertyDescriptor(value, name)?.value;
  return typeof found === 'string' ? found : '';
}

/** The name of the class, as the nearest prototype with a constructor has it. */
function classOf(value: object): string | undefined {
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at)) {
    const type: unknown = Object.getOwnPropertyDescriptor(at, 'constructor')?.value;
    if (typeof type === 'function') return ownText(type, 'name') || undefined;
  }
  return undefined;
}

function showObject(value: object, walk: Walk): string {
  if (walk.above.includes(value)) return '[Circular]';
  if (walk.written > MAX_TOTAL) return '…';
  const { length } = walk.above;
  try {
    const name = classOf(value);
    if (length > walk.depth) return `[${Array.isArray(value) ? 'Array' : (name ?? 'Object')}]`;
    walk.above.push(value);
    return showContainer(value, name ?? '[Object: null prototype]', walk);
  } catch {
    return '[object that cannot be shown]';
  } finally {
    walk.above.length = length;
  }
}

function showContainer(value: object, name: string, walk: Walk): string {
  if (Array.isArray(value)) {
    const head = name === 'Array' ? '' : `${name}(${value.length}) `;
    // The keys of a long one would fill the memory.
    const members = value.length > MAX_KEYS ? [] : showMembers(value, walk, INDEXES);
    return `${head}${layOut('[', [...showItems(value, walk), ...members], ']')}`;
  }
  if (isError(value)) return showError(value, walk);
  const viewName = Reflect.apply(readViewName, value, []) as string | undefined;
  if (viewName !== undefined) {
    const items = showItems(value as Uint8Array, walk);
    return `${name}(${(value as Uint8Array).length}) ${layOut('[', items, ']')}`;
  }
  const prototype = Object.getPrototypeOf(value);
  const members = prototype === Object.prototype || prototype === null ? [] : showSlots(value, walk);
  if (typeof members === 'string') return members;
  const all = [...members, ...showMembers(value, walk, ['isTrusted'])];
  const head = name === 'Object' ? '' : `${name}${sizeOf(value)} `;
  return `${head}${layOut('{', all, '}')}`;
}

function sizeOf(value: object): string {
  if (hasSlot(readMapSize, value)) return `(${(value as Map<unknown, unknown>).size})`;
  return hasSlot(readSetSize, value) ? `(${(value as Set<unknown>).size})` : '';
}

/** What an object of the language or of the platform holds beside its properties; text when that is all. */
function showSlots(value: object, walk: Walk): string[] | string {
  if (hasSlot(readMapSize, value))
    return take(
      Reflect.apply(Map.prototype.entries, value, []),
      ([key, each]: [unknown, unknown]) => `${show(key, walk)} => ${show(each, walk)}`,
    );
  if (hasSlot(readSetSize, value))
    return take(Reflect.apply(Set.prototype.values, value, []), (each: unknown) => show(each, walk));
  if (hasSlot(readDate, value)) {
    const time = Reflect.apply(readDate, value, []) as number;
    return Number.isNaN(time) ? 'Invalid Date' : new Date(time).toISOString();
  }
  if (hasSlot(readRegExpSource, value) && value !== RegExp.prototype)
    return Reflect.apply(RegExp.prototype.toString, value, []);
  if (hasSlot(readBufferSize, value)) return showBuffer(value as ArrayBuffer);
  for (const [name, read] of BOXES)
    if (hasSlot(read, value)) return `[${name}: ${showPrimitive(Reflect.apply(read, value, []), walk)}]`;
  const type = platformClassOf(value);
  return type === undefined ? [] : showPlatform(value, type.prototype, walk);
}

function showBuffer(buffer: ArrayBuffer): string[] {
  const shown = [...new Uint8Array(buffer).subarray(0, 50)].map((byte) => byte.toString(16).padStart(2, '0'));
  const rest = buffer.byteLength > 50 ? ' …' : '';
  return [`[Uint8Contents]: <${shown.join(' ')}${rest}>`, `byteLength: ${buffer.byteLength}`];
}

/** Attributes that would be made by being read. */
const UNTOUCHED = ['body', 'searchParams', 'signal'];

function showPlatform(value: object, prototype: object, walk: Walk): string[] {
  const { entries } = prototype as { entries?: unknown };
  if (typeof entries === 'function')
    return take(
      Reflect.apply(entries, value, []),
      ([key, each]: [unknown, unknown]) => `${show(key, walk)} => ${show(each, walk)}`,
    );
  const shown: string[] = [];
  for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(prototype)))
    if (get !== undefined && !UNTOUCHED.includes(name))
      shown.push(`${name}: ${show(Reflect.apply(get, value, []), walk)}`);
  return shown;
}

function take<Item>(items: Iterable<Item>, showItem: (item: Item) => string): string[] {
  const shown: string[] = [];
  for (const item of items) {
    if (shown.length === MAX_MEMBERS) {
      shown.push('… more');
      break;
    }
    shown.push(showItem(item));
  }
  return shown;
}

function showItems(list: ArrayLike<unknown>, walk: Walk): string[] {
  const shown: string[] = [];
  const end = Math.min(list.length, MAX_MEMBERS);
  for (let index = 0; index < end; index += 1) {
    const found = Object.getOwnPropertyDescriptor(list, index);
    shown.push(found === undefined ? '<empty>' : showProperty(found, walk));
  }
  if (list.length > end) shown.push(`… ${list.length - end} more`);
  return shown;
}

const INDEXES = /^(?:0|[1-9]\d*|length)$/;

/** The properties of its own that can be enumerated. */
function showMembers(value: object, walk: Walk, hidden: RegExp | readonly string[]): string[] {
  const shown: string[] = [];
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'string' && (hidden instanceof RegExp ? hidden.test(key) : hidden.includes(key)))
      continue;
    const found = Object.getOwnPropertyDescriptor(value, key);
    if (found?.enumerable !== true) continue;
    if (shown.length === MAX_MEMBERS) {
      shown.push('… more');
      break;
    }
    const label =
      typeof key === 'symbol'
        ? `[${key.toString()}]`
        : /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)
          ? key
          : quote(key);
    shown.push(`${label}: ${showProperty(found, walk)}`);
  }
  return shown;
}

function showProperty({ get, set, value }: PropertyDescriptor, walk: Walk): string {
  if (get !== undefined) return set === undefined ? '[Getter]' : '[Getter/Setter]';
  return set === undefined ? show(value, walk) : '[Setter]';
}

function showError(error: Error, walk: Walk): string {
  const { stack } = error;
  const head = typeof stack === 'string' && stack !== '' ? stack : `[${error.name}: ${error.message}]`;
  const members = showMembers(error, walk, ['stack', 'message', 'name', 'cause', 'errors']);
  for (const name of ['cause', 'errors']) {
    const found = Object.getOwnPropertyDescriptor(error, name);
    if (found !== undefined) members.push(`[${name}]: ${showProperty(found, walk)}`);
  }
  return members.length === 0 ? head : `${head} ${layOut('{', members, '}', true)}`;
}

/** In one line when there is room, else each member in a line of its own. */
function layOut(open: string, members: readonly string[], close: string, isTall = false): string {
  if (members.length === 0) return `${open}${close}`;
  const flat = members.join(', ');
  if (!isTall && flat.length <= LINE && !flat.includes('\n')) return `${open} ${flat} ${close}`;
  const isList = open === '[' && members.length > 6 && members.every(({ length }) => length <= MAX_SHORT);
  const lines = isList ? fill(members) : members;
  const indented = lines.map((line) => `  ${line.replaceAll('\n', '\n  ')}`);
  return `${open}\n${indented.join(',\n')}\n${close}`;
}

/** As many members in each line as there is room for. */
function fill(members: readonly string[]): string[] {
  const lines: string[] = [];
  let line = '';
  for (const member of members) {
    if (line !== '' && line.length + member.length + 2 > LINE) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? member : `, ${member}`;
  }
  return [...lines, line];
}
