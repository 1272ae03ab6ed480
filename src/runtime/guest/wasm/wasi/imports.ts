/** The import object of `wasi_snapshot_preview1`, made once and used by one process after the other. */
import { ERRNO, WasiError } from './errno.ts';
import { FD_CALLS } from './fd-calls.ts';
import { PATH_CALLS } from './path-calls.ts';
import type { WasiProcess } from './process.ts';
import { monotonicNs, type PollArguments, PROCESS_CALLS, poll } from './process-calls.ts';

type Call = (process: WasiProcess, ...args: never[]) => void;

/** What a module imports, by name. */
export type WasiImports = Readonly<Record<string, unknown>>;

export interface ImportOptions {
  /** The process whose module calls. */
  readonly current: () => WasiProcess;
  /** Suspends the module; undefined where it cannot be suspended, and a wait ends at once. */
  readonly sleep: ((ms: number) => Promise<void>) | undefined;
}

/** Errors end a call with a number and never reach the module otherwise; a trap, as an exit is one, goes on. */
function toErrno(error: unknown): number {
  if (error instanceof WasiError) return error.errno;
  // What a wild pointer makes of a DataView, and what a huge length makes of an array.
  if (error instanceof RangeError) return ERRNO.fault;
  throw error;
}

function guarded(call: Call, current: () => WasiProcess): (...args: never[]) => number {
  return (...args) => {
    try {
      call(current(), ...args);
      return ERRNO.success;
    } catch (error) {
      return toErrno(error);
    }
  };
}

export function createImports({ current, sleep }: ImportOptions): WasiImports {
  const calls: Readonly<Record<string, Call>> = { ...FD_CALLS, ...PATH_CALLS, ...PROCESS_CALLS };
  const imports: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(calls)) imports[name] = guarded(call, current);
  const pollOn = (call: PollArguments): number | Promise<number> => {
    try {
      const waitNs = poll(current(), call);
      if (waitNs === 0n || sleep === undefined) return ERRNO.success;
      // A fraction of a millisecond is waited out whole, so that the clock is past the moment.
      const ms = Math.min(2 ** 31 - 1, Number(waitNs / 1_000_000n) + 1);
      return sleep(ms).then(() => pollOn(call));
    } catch (error) {
      return toErrno(error);
    }
  };
  imports['poll_oneoff'] = (input: number, output: number, count: number, result: number) =>
    pollOn({ input, output, count, result, startedNs: monotonicNs() });
  return imports;
}
