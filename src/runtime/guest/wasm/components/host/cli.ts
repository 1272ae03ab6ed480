/** wasi:cli without its streams. */
import type { Variant } from '../codec.ts';
import { type HostTable, NONE } from './state.ts';

/** Thrown to end an instance. */
export class Exit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`it ended with exit code ${code}`);
    this.code = code;
  }
}

export const CLI: HostTable = {
  'wasi:cli/environment#get-environment': (state) => state.environment,
  'wasi:cli/environment#get-arguments': (state) => state.args,
  'wasi:cli/environment#initial-cwd': () => NONE,
  'wasi:cli/exit#exit': (_state, [status]: readonly [Variant]) => {
    throw new Exit(status.tag);
  },
  'wasi:cli/exit#exit-with-code': (_state, [code]: readonly [number]) => {
    throw new Exit(code);
  },
};
