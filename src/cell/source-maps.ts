import type { Artifact, FunctionSpec } from '../core/index.ts';
import { type ArtifactReader, isLarge } from './artifact-reader.ts';
import { SourcePositions } from './source-positions.ts';

/** A larger map takes the cell's thread for too long to read. */
export const MAX_MAP_CHARS: number = 2 * 1024 ** 2;
/** Of the texts of maps that are kept parsed. */
const MAX_PARSED_CHARS = 4 * 1024 ** 2;
/** Of the texts of maps of large artifacts, which are not read again for one. */
const MAX_KEPT_CHARS = 8 * 1024 ** 2;

/** `too-large`: to be read. `unread`: it is about to be. */
export type FoundMap = SourcePositions | 'none' | 'too-large' | 'unread';

interface Parsed {
  readonly map: Exclude<FoundMap, 'unread'>;
  readonly chars: number;
}

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
    if (artifact.type !== 'javascript' || this.#texts.has(digest)) return;
    this.#texts.set(
      digest,
      artifact.map.length > MAX_KEPT_CHARS ? artifact.map.slice(0, MAX_MAP_CHARS + 1) : artifact.map,
    );
    dropOldest(this.#texts, MAX_KEPT_CHARS, (text) => text.length);
  }

  of(spec: FunctionSpec): FoundMap {
    const { digest } = spec.artifact;
    const parsed = this.#parsed.get(digest) ?? this.#parse(spec);
    if (parsed === undefined) return 'unread';
    this.#parsed.delete(digest);
    this.#parsed.set(digest, parsed);
    dropOldest(this.#parsed, MAX_PARSED_CHARS, ({ chars }) => chars);
    return parsed.map;
  }

  #parse(spec: FunctionSpec): Parsed | undefined {
    try {
      const text = this.#textOf(spec);
      if (text === undefined) return undefined;
      const { length } = text;
      if (length > MAX_MAP_CHARS) return { map: 'too-large', chars: 1 };
      return { map: text === '' ? 'none' : new SourcePositions(text), chars: length + 1 };
    } catch {
      return { map: 'none', chars: 1 }; // The stack as it is says more than a failure to map it.
    }
  }

  #textOf(spec: FunctionSpec): string | undefined {
    const { name, artifact } = spec;
    const kept = this.#texts.get(artifact.digest);
    if (kept !== undefined) return kept;
    if (isLarge(artifact)) return void this.#readBeside(spec);
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
function dropOldest<Value>(map: Map<string, Value>, most: number, sizeOf: (value: Value) => number): void {
  let size = map.values().reduce((sum, value) => sum + sizeOf(value), 0);
  for (const [key, value] of map) {
    if (size <= most || map.size === 1) return;
    map.delete(key);
    size -= sizeOf(value);
  }
}
