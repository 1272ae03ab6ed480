import { HairspringError } from '../../../core/index.ts';

/** Why a component that may be right cannot run here. */
export function unsupported(detail: string): HairspringError {
  return new HairspringError('HS_WASM_INVALID', detail, {
    hint: 'Build it for WASI 0.2; docs/wasm.md says what a component may use',
  });
}
