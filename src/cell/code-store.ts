import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeCodeCache,
  type FunctionSpec,
  HOST_LIMITS,
  MAX_CODE_CACHE_BYTES,
  type WasmArtifact,
} from '../core/index.ts';
import {
  CodeCache,
  codeCacheTag,
  compileModule,
  compileModuleBeside,
  type FunctionCode,
  type ModuleOptions,
} from '../runtime/index.ts';
import { type ArtifactReader, isLarge } from './artifact-reader.ts';
import type { SourceMaps } from './source-maps.ts';

/** Functions that wait to be read; of more, the rest is read when it wakes. */
const MAX_PRELOAD = 4_096;
/** Between two that are read ahead, so that messages come first. */
const PRELOAD_PAUSE_MS = 2;
/** Bytes of code and cache for each byte of the artifact, about. */
const HELD_PER_ARTIFACT_BYTE = 2;
/** What a compiled module takes beside its bytes, about. */
const MODULE_OVERHEAD_BYTES = 64 * 1024;

export interface CodeStoreOptions {
  /** Of what is kept in memory. @default {@link HOST_LIMITS} */
  readonly limitBytes?: number;
  /** Told of each artifact that is too large to be read again for its map. @default nobody is */
  readonly maps?: Pick<SourceMaps, 'keep'>;
}

interface Held {
  readonly code: FunctionCode;
  readonly cache: CodeCache | undefined;
  readonly bytes: number;
}

/** File of an artifact's code cache below the artifact folder. */
function cacheFile(dir: string, digest: string): string {
  return join(dir, `${digest}.cache`);
}

/**
 * The scripts of a cell's functions with their code caches, checked against their hashes when they are
 * read. Keeps those used last in memory, so that a wake neither reads nor hashes.
 */
export class CodeStore {
  readonly #artifacts: ArtifactReader;
  readonly #dir: string;
  readonly #limitBytes: number;
  readonly #maps: Pick<SourceMaps, 'keep'> | undefined;
  readonly #held = new Map<string, Held>();
  readonly #reading = new Map<string, Promise<Held>>();
  readonly #preload: FunctionSpec[] = [];
  readonly #tag: string = codeCacheTag();
  #bytes = 0;
  #planned = false;

  constructor(
    artifacts: ArtifactReader,
    dir: string,
    { limitBytes = HOST_LIMITS.codeMemoryBytes, maps }: CodeStoreOptions = {},
  ) {
    this.#artifacts = artifacts;
    this.#dir = dir;
    this.#limitBytes = limitBytes;
    this.#maps = maps;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * At once where it is held, or quickly read.
   * @throws HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT, HS_WASM_INVALID, HS_FUNCTION_MEMORY, or rejects with them
   */
  readonly code = (spec: FunctionSpec): FunctionCode | Promise<FunctionCode> => {
    const held = this.#get(spec);
    return held instanceof Promise ? held.then(({ code }) => code) : held.code;
  };

  /** Undefined where the node has none that this V8 takes. */
  readonly cache = (spec: FunctionSpec): CodeCache | undefined => this.#held.get(keyOf(spec))?.cache;

  /**
   * To try out a function that may be refused, and of a tenant whom this cell may never serve: nothing of
   * it is kept, so that a cell which serves it later finds the code cache that the host has stored since.
   * @throws HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT, HS_WASM_INVALID, HS_FUNCTION_MEMORY
   */
  readonly codeOnce = (spec: FunctionSpec): FunctionCode => {
    const artifact = this.#artifacts.read(spec.name, spec.artifact);
    if (isLarge(spec.artifact)) this.#maps?.keep(spec.artifact.digest, artifact);
    return artifact.type === 'wasm' ? compileModule(moduleOptions(spec, artifact)) : artifact.code;
  };

  #get(spec: FunctionSpec): Held | Promise<Held> {
    const key = keyOf(spec);
    const held = this.#held.get(key);
    if (held === undefined) return isLarge(spec.artifact) ? this.#readBeside(spec) : this.#read(spec);
    this.#held.delete(key);
    this.#held.set(key, held);
    return held;
  }

  #read(spec: FunctionSpec): Held {
    const artifact = this.#artifacts.read(spec.name, spec.artifact);
    if (artifact.type === 'wasm')
      return this.#hold(keyOf(spec), compileModule(moduleOptions(spec, artifact)), undefined);
    return this.#hold(keyOf(spec), artifact.code, this.#readCache(spec.artifact.digest));
  }

  /** As {@link #read}, without holding the thread for as long as it takes. Once for all who ask meanwhile. */
  async #readBeside(spec: FunctionSpec): Promise<Held> {
    const key = keyOf(spec);
    const reading =
      this.#reading.get(key) ?? this.#readOnce(spec, key).finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    return await reading;
  }

  async #readOnce(spec: FunctionSpec, key: string): Promise<Held> {
    const artifact = await this.#artifacts.readBeside(spec.name, spec.artifact);
    this.#maps?.keep(spec.artifact.digest, artifact);
    if (artifact.type === 'wasm')
      return this.#hold(key, await compileModuleBeside(moduleOptions(spec, artifact)), undefined);
    const file = await readFile(cacheFile(this.#dir, spec.artifact.digest)).catch(() => undefined);
    return this.#hold(key, artifact.code, this.#toCache(file, spec.artifact.digest));
  }

  #hold(key: string, code: FunctionCode, cache: CodeCache | undefined): Held {
    const codeBytes = typeof code === 'string' ? code.length : code.bytes + MODULE_OVERHEAD_BYTES;
    const held = { code, cache, bytes: codeBytes + (cache?.byteLength ?? 0) };
    this.#drop(key);
    this.#held.set(key, held);
    this.#bytes += held.bytes;
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= this.#limitBytes || oldest === key) break;
      this.#drop(oldest);
    }
    return held;
  }

  /** Takes a cache that V8 made here, for the wakes to come. */
  readonly learn = (spec: FunctionSpec, bytes: Uint8Array): void => {
    const key = keyOf(spec);
    const held = this.#held.get(key);
    if (held === undefined || bytes.length > MAX_CODE_CACHE_BYTES) return;
    this.#hold(key, held.code, new CodeCache(bytes, true));
  };

  /** Gives up what no function of the cell needs any more. */
  forget(spec: FunctionSpec): void {
    this.#drop(keyOf(spec));
  }

  #drop(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    this.#bytes -= held.bytes;
    held.cache?.[Symbol.dispose]();
  }

  #readCache(digest: string): CodeCache | undefined {
    try {
      return this.#toCache(readFileSync(cacheFile(this.#dir, digest)), digest);
    } catch {
      return undefined; // There is none: the function is compiled when it wakes.
    }
  }

  #toCache(file: Uint8Array | undefined, digest: string): CodeCache | undefined {
    const bytes = file === undefined ? undefined : decodeCodeCache(file, this.#tag, digest, sha256);
    return bytes === undefined ? undefined : new CodeCache(bytes);
  }

  /** Reads code that will be needed, while there is room for it: one function per turn of the event loop. */
  preload(specs: readonly FunctionSpec[]): void {
    for (const spec of specs) if (this.#preload.length < MAX_PRELOAD) this.#preload.push(spec);
    this.#planPreload();
  }

  #planPreload(): void {
    if (this.#planned || this.#preload.length === 0) return;
    this.#planned = true;
    setTimeout(() => void this.#preloadNext(), PRELOAD_PAUSE_MS).unref();
  }

  /** Never rejects. */
  async #preloadNext(): Promise<void> {
    const spec = this.#preload.shift();
    if (spec !== undefined) {
      if (this.#bytes + spec.artifact.bytes * HELD_PER_ARTIFACT_BYTE > this.#limitBytes)
        this.#preload.length = 0;
      else if (!this.#held.has(keyOf(spec))) await this.#tryRead(spec);
    }
    this.#planned = false;
    this.#planPreload();
  }

  async #tryRead(spec: FunctionSpec): Promise<void> {
    try {
      await this.#get(spec);
    } catch {
      // Whoever wakes the function hears why it cannot be read.
    }
  }
}

/**
 * A module is compiled with its memory bounded, and with imports that its bindings allow, so these are part of what
 * it is known by.
 */
function keyOf({ artifact, bindings, limits, type }: FunctionSpec): string {
  if (type !== 'wasm') return artifact.digest;
  const services = Object.values(bindings).map(({ service }) => service);
  return `${artifact.digest} ${limits.memoryBytes} ${[...new Set(services)].sort().join(' ')}`;
}

function moduleOptions(
  { name, limits, bindings }: FunctionSpec,
  { module, files, reuse }: WasmArtifact,
): ModuleOptions {
  const bytes = Buffer.from(module, 'base64');
  return { name, bytes, memoryBytes: limits.memoryBytes, reuse, files, bindings };
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
