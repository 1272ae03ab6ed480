import type { Artifact, FunctionSpec } from '../core/index.ts';
import { type ArtifactReader, isLarge } from './artifact-reader.ts';
import { SourcePositions } from './source-positions.ts';

/** A larger map takes the cell's thread for too long to read. */
export const MAX_MAP_CHARS: number = 2 * 1024 ** 2;
/** Of the texts of maps that are kept parsed. */
const MAX_PARSED_CHARS = 4 * 1024 ** 2;
/** Of the texts of maps of large artifacts, which are not read again for one. */
const MAX_KEPT_CHARS = 8 * 1024 ** 2;
/** What each counts for besides its text: without it there could be any number of those that have none. */
const ENTRY_CHARS = 2_048;

/** `too-large`: to be read. `unread`: it is about to be. */
export type FoundMap = SourcePositions | 'none' | 'too-large' | 'unread';

interface Parsed {
  readonly map: Exclude<FoundMap, 'unread'>;
  readonly chars: number;
}

const NONE: Parsed = { map: 'none', chars: 0 };
const TOO_LARGE: Parsed = { map: 'too-large', chars: 0 };

/** The source maps of a cell's functions, those used last parsed. */
export class SourceMaps {
  readonly #artifacts: ArtifactReader;
  readonly #parsed = new Map<string, Parsed>();
  readonly #texts = new Map<string, string>();
  readonly #reading = new Set<string>();

  constructor(artifacts: ArtifactReader) {
    this.#artifacts = artifacts;
  }

  /** Takes the map of an artifact that has been read for its code. */
  keep(digest: string, artifact: Artifact): void {
    if (this.#texts.has(digest)) return;
    const map = artifact.type === 'javascript' ? artifact.map : '';
    if (map === '') this.#hold(digest, NONE);
    else if (map.length > MAX_MAP_CHARS) this.#hold(digest, TOO_LARGE);
    else {
      this.#texts.set(digest, map);
      dropOldest(this.#texts, MAX_KEPT_CHARS, ({ length }) => length);
    }
  }

  of(spec: FunctionSpec): FoundMap {
    const { digest } = spec.artifact;
    const parsed = this.#parsed.get(digest) ?? this.#parse(spec);
    if (parsed === undefined) return 'unread';
    this.#hold(digest, parsed);
    return parsed.map;
  }

  /** As the one that was used last. */
  #hold(digest: string, parsed: Parsed): void {
    this.#parsed.delete(digest);
    this.#parsed.set(digest, parsed);
    dropOldest(this.#parsed, MAX_PARSED_CHARS, ({ chars }) => chars);
  }

  #parse(spec: FunctionSpec): Parsed | undefined {
    try {
      const text = this.#textOf(spec);
      if (text === undefined) return undefined;
      const { length } = text;
      if (length > MAX_MAP_CHARS) return TOO_LARGE;
      return length === 0 ? NONE : { map: new SourcePositions(text), chars: length };
    } catch {
      return NONE; // The stack as it is says more than a failure to map it.
    }
  }

  /** Undefined while it is read. */
  #textOf(spec: FunctionSpec): string | undefined {
    const { name, artifact } = spec;
    const kept = this.#texts.get(artifact.digest);
    if (kept !== undefined) return kept;
    if (isLarge(artifact)) {
      void this.#readBeside(spec);
      return undefined;
    }
    const read = this.#artifacts.read(name, artifact);
    return read.type === 'javascript' ? read.map : '';
  }

  /** Never rejects. */
  async #readBeside({ name, artifact }: FunctionSpec): Promise<void> {
    const { digest } = artifact;
    if (this.#reading.has(digest)) return;
    this.#reading.add(digest);
    try {
      this.keep(digest, await this.#artifacts.readBeside(name, artifact));
    } catch {
      // Whoever wakes the function hears why it cannot be read.
    } finally {
      this.#reading.delete(digest);
    }
  }
}

/** All but the newest, until the rest is small enough. */
function dropOldest<Value>(map: Map<string, Value>, most: number, charsOf: (value: Value) => number): void {
  let chars = map.values().reduce((sum, value) => sum + charsOf(value) + ENTRY_CHARS, 0);
  for (const [key, value] of map) {
    if (chars <= most || map.size === 1) return;
    map.delete(key);
    chars -= charsOf(value) + ENTRY_CHARS;
  }
}
