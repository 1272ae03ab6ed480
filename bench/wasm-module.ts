import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import loadWabt from 'wabt';

export type WasmEntry = 'echo-command' | 'echo-reactor' | 'echo-component';

/** Code of one filler function: enough arithmetic for about 900 bytes. */
const FILLER_STEPS = 120;

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
  const fillerBytes = (assemble(200).length - bare.length) / 200;
  return assemble(Math.ceil((atLeastBytes - bare.length) / fillerBytes));
}

function filler(index: number): string {
  const steps = Array.from(
    { length: FILLER_STEPS },
    (_, step) =>
      `(local.set 0 (i32.mul (i32.xor (local.get 0) (i32.const ${index * 64 + step})) (local.get 1)))`,
  );
  return `(func (param i32 i32) (result i32) ${steps.join(' ')} (local.get 0))`;
}
