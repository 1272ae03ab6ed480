/** wasi:cli without its streams. */
import type { Variant } from '../codec.ts';
import { type HostTable, NONE } from './state.ts';

export const CLI: HostTable = {
  'wasi:cli/environment#get-environment': (state) => state.environment,
  'wasi:cli/environment#get-arguments': (state) => state.args,
  'wasi:cli/environment#initial-cwd': () => NONE,
  'wasi:cli/exit#exit': (state, [status]: readonly [Variant]) => state.exit(status.tag),
  'wasi:cli/exit#exit-with-code': (state, [code]: readonly [number]) => state.exit(code),
};
