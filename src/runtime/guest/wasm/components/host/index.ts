/** What components may import; ../../../../wasm/component/interfaces.ts has the names for the checks at deploy. */
import { CLI } from './cli.ts';
import { CLOCKS } from './clocks.ts';
import { CONFIG } from './config.ts';
import { HTTP } from './http/index.ts';
import { KEY_VALUE } from './key-value.ts';
import { MESSAGING } from './messaging.ts';
import { OBJECTS, OBJECTS_AT_HAND } from './objects/index.ts';
import { RANDOM } from './random.ts';
import type { HostTable } from './state.ts';
import { STREAMS } from './streams.ts';

export { type HttpExchange, openExchange } from './http/index.ts';
export type { HostCall } from './state.ts';
export { HostState } from './state.ts';

/** Whether a stream may have to wait for what a function of this interface gives. */
export function hasSlowStreams(from: string): boolean {
  return from.startsWith('wasi:blobstore/');
}

export interface HostFunction {
  readonly call: HostTable[string];
  /** Whether it may give a promise. */
  readonly waits: boolean;
}

/** For what nobody can come to call: methods of descriptors where there is no file. */
export const NOT_THERE: HostFunction = {
  call: () => {
    throw new TypeError('The component calls something that is not there');
  },
  waits: false,
};

const TABLES: readonly (readonly [table: HostTable, waits: (name: string) => boolean])[] = [
  [CLI, () => false],
  [CLOCKS, (name) => name.startsWith('wasi:io/poll#')],
  [CONFIG, () => false],
  [HTTP, () => false],
  [KEY_VALUE, (name) => name !== 'wasi:keyvalue/store#open'],
  [MESSAGING, () => true],
  [OBJECTS, () => true],
  [OBJECTS_AT_HAND, () => false],
  [RANDOM, () => false],
  [STREAMS, (name) => name.includes('.blocking-')],
];

/** By interface without its version, `#` and function. */
export const HOST_FUNCTIONS: Readonly<Record<string, HostFunction>> = Object.assign(
  Object.create(null),
  ...TABLES.map(([table, waits]) =>
    Object.fromEntries(Object.entries(table).map(([name, call]) => [name, { call, waits: waits(name) }])),
  ),
);
