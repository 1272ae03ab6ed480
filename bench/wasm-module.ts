import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import loadWabt from 'wabt';

export type WasmEntry = 'echo-command' | 'echo-reactor' | 'echo-component';

/** Code of one filler function: enough arithmetic for about 900 bytes. */
const FILLER_STEPS = 120;
/** Different ones; the same come again and again, because assembling text is slow. */
const FILLERS = 100;

const FUNCTION_SECTION = 3;
const CODE_SECTION = 10;

/**
 * A module of bench/functions, from text to binary.
 * @param atLeastBytes functions that are never called are added until the binary has so many bytes
 */
export async function buildModule(entry: WasmEntry, atLeastBytes = 0): Promise<Uint8Array> {
  const text = readFileSync(fileURLToPath(new URL(`./functions/${entry}.wat`, import.meta.url)), 'utf8');
  const wabt = await loadWabt();
  const assemble = (fillers: number): Uint8Array => {
    const rest = Array.from({ length: fillers }, (_, index) => filler(index)).join('\n');
    const module = wabt.parseWat(`${entry}.wat`, text.replace(/\)\s*$/, `${rest})`));
    try {
      return module.toBinary({}).buffer;
    } finally {
      module.destroy();
    }
  };
  const bare = assemble(0);
  if (bare.length >= atLeastBytes) return bare;
  const filled = assemble(FILLERS);
  const fillersBytes = filled.length - bare.length;
  return repeatLast(filled, FILLERS, Math.ceil((atLeastBytes - bare.length) / fillersBytes));
}

function filler(index: number): string {
  const steps = Array.from(
    { length: FILLER_STEPS },
    (_, step) =>
      `(local.set 0 (i32.mul (i32.xor (local.get 0) (i32.const ${index * 64 + step})) (local.get 1)))`,
  );
  return `(func (param i32 i32) (result i32) ${steps.join(' ')} (local.get 0))`;
}

/** The module with its last `count` functions `times` times. */
function repeatLast(module: Uint8Array, count: number, times: number): Uint8Array {
  const parts: Uint8Array[] = [module.subarray(0, 8)];
  for (let at = 8; at < module.length; ) {
    const id = module[at] ?? 0;
    const size = readUnsigned(module, at + 1);
    const body = module.subarray(size.next, size.next + size.value);
    at = size.next + size.value;
    if (id !== FUNCTION_SECTION && id !== CODE_SECTION) {
      parts.push(section(id, [body]));
      continue;
    }
    const { value: functions, next: first } = readUnsigned(body, 0);
    // An entry of the one section is a type, of the other a size and so many bytes.
    let from = first;
    for (let index = 0; index < functions - count; index += 1) {
      const entry = readUnsigned(body, from);
      from = id === CODE_SECTION ? entry.next + entry.value : entry.next;
    }
    const last = body.subarray(from);
    parts.push(
      section(id, [
        unsigned(functions + count * (times - 1)),
        body.subarray(first, from),
        ...Array.from({ length: times }, () => last),
      ]),
    );
  }
  return Buffer.concat(parts);
}

function section(id: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.of(id), unsigned(body.length), body]);
}

/** LEB128, as WebAssembly writes all counts and sizes. */
function unsigned(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

function readUnsigned(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let index = at, shift = 0; ; index += 1, shift += 7) {
    const byte = bytes[index] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value, next: index + 1 };
  }
}
