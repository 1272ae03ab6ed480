/** wasi:config, which is the environment of the Nexfile, and wasi:logging. */
import { type HostState, type HostTable, NONE, ok, some } from './state.ts';

/** The levels of wasi:logging, from `trace` to `critical`. */
const LEVELS = ['debug', 'debug', 'info', 'warn', 'error', 'error'] as const;

function get({ environment }: HostState, [key]: readonly [string], isFallible: boolean): unknown {
  const found = environment.find(([name]) => name === key);
  const value = found === undefined ? NONE : some(found[1]);
  // Drafts differ: an option, or a result with one. Both are variants, and only the latter nests them.
  return isFallible ? ok(value) : value;
}

function getAll({ environment }: HostState, _args: unknown, isFallible: boolean): unknown {
  return isFallible ? ok(environment) : environment;
}

export const CONFIG: HostTable = {
  'wasi:config/runtime#get': get,
  'wasi:config/runtime#get-all': getAll,
  'wasi:config/store#get': get,
  'wasi:config/store#get-all': getAll,
  'wasi:logging/logging#log': (_state, [level, context, text]: readonly [{ tag: number }, string, string]) =>
    runtime.pushLog(LEVELS[level.tag] ?? 'info', context === '' ? text : `${context}: ${text}`),
};
