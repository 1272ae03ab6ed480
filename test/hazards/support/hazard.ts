/**
 * Hostile functions in JavaScript and WebAssembly's text format: one file each, whose first lines say what it tries and
 * what must come of it. What several of them need they import from the folder `shared/` beside them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { toWasm } from '../../support/wasm.ts';

export const HAZARD_CLASSES = [
  'cpu',
  'builtin',
  'abort',
  'memory',
  'flood',
  'result',
  'escape',
  'coercion',
  'prototype',
  'promise',
  'leak',
  'bridge',
  'source',
  'side',
] as const;

export type HazardClass = (typeof HAZARD_CLASSES)[number];

export interface Hazard {
  /** File name without extension; begins with the class. */
  readonly name: string;
  readonly hazardClass: HazardClass;
  /** What the function tries, as "to …". */
  readonly tries: string;
  /** Outcomes that its callers may hear; `ok` stands for a reply that begins with "contained". */
  readonly expects: readonly string[];
  /** Whether its cell may die of it. */
  readonly mayKill: boolean;
  /** As in a Nexfile; what is left out takes the product's default. */
  readonly limits: Readonly<Record<string, string>>;
  /** How often it is called; the payloads are 0, 1, 2, …. */
  readonly calls: number;
  /** Whether it is called by HTTP requests, and not by messages. */
  readonly byHttp: boolean;
  /** Host services that it is granted, as in {@link bindingsOf}. */
  readonly binds: readonly string[];
  /** Lines of the log feed that come of each call; undefined where nobody counts them. */
  readonly logLines: number | undefined;
  /** The neighbour's p99 in the second half of its calls; undefined where the bar of all hazards is enough. */
  readonly settlesAtMs: number | undefined;
  /**
   * For how long it holds the thread of its cell, where that is known to be longer than the limit of an entry, and may
   * be: its own bar for the neighbour's p99 is as much. Undefined for no such exception.
   */
  readonly holdsMs: number | undefined;
  /** A script, or the bytes of a WebAssembly module. */
  readonly code: string | Uint8Array;
}

const FOLDER = new URL('../functions/', import.meta.url);
const FIELD = /^(?:\/\/|;;) (\w+): (.+)$/;

/** All of them in the order of their names. @throws when a header is not as described here */
export function readHazards(): readonly Hazard[] {
  return readdirSync(fileURLToPath(FOLDER))
    .sort()
    .map((file) => {
      const { name, ext } = parse(file);
      const url = new URL(file, FOLDER);
      const text = readFileSync(url, 'utf8');
      const hazard = parseHazard(name, text);
      if (ext === '.wat') return { ...hazard, code: toWasm(text) };
      return /^import /m.test(text) ? { ...hazard, code: withImports(fileURLToPath(url)) } : hazard;
    });
}

function withImports(path: string): string {
  const { outputFiles } = buildSync({ entryPoints: [path], bundle: true, format: 'esm', write: false });
  return outputFiles.map(({ text }) => text).join('');
}

/** @throws when the header is not as described here */
export function parseHazard(name: string, code: string): Hazard {
  const fields = new Map<string, string>();
  for (const line of code.split('\n')) {
    const [, key = '', value = ''] = FIELD.exec(line) ?? [];
    if (key === '') break;
    fields.set(key, value);
  }
  const need = (key: string): string => {
    const value = fields.get(key);
    if (value === undefined) throw new Error(`${name}: its header has no "${key}"`);
    return value;
  };
  const kills = need('kills');
  if (kills !== 'no' && kills !== 'may') throw new Error(`${name}: kills is "no" or "may"`);
  const numberOf = (key: string): number | undefined => {
    const value = fields.get(key);
    return value === undefined ? undefined : Number(value);
  };
  return {
    name,
    hazardClass: need('class') as HazardClass,
    tries: need('tries'),
    expects: need('expects').split(' '),
    mayKill: kills === 'may',
    limits: Object.fromEntries((fields.get('limits') ?? '').split(' ').filter(Boolean).map(parseLimit)),
    calls: numberOf('calls') ?? 1,
    byHttp: fields.get('via') === 'http',
    binds: (fields.get('binds') ?? '').split(' ').filter(Boolean),
    logLines: numberOf('logs'),
    settlesAtMs: numberOf('settles'),
    holdsMs: numberOf('holds'),
    code,
  };
}

function parseLimit(text: string): readonly [string, string] {
  const [key = '', value = ''] = text.split('=');
  return [key, value];
}
