import type { Measure } from './options.ts';

/** Of the commands below. A commit that speaks another one cannot be compared. */
export const ARENA_PROTOCOL = 1;

export interface ArenaOptions {
  readonly measures: readonly Measure[];
  readonly payloadBytes: number;
  /** Functions that are called once, to see them wake. */
  readonly coldFunctions: number;
}

export interface Arena {
  readonly protocol: number;
  readonly url: string;
  readonly serverPid: number;
  /** Of each measure under load. */
  readonly subjects: Readonly<Record<string, string>>;
  /** Each of them idle. */
  readonly coldSubjects: readonly string[];
}

export type ArenaCommands = {
  readonly describe: { readonly params: null; readonly result: Arena };
  /** Of the host and its cells. */
  readonly pids: { readonly params: null; readonly result: readonly number[] };
};
