import { SourceMap } from 'node:module';
import { type FunctionSpec, HairspringError } from '../core/index.ts';
import type { ArtifactReader } from './artifact-reader.ts';

/** Source maps kept parsed. */
const MAX_MAPS = 4;
/** A function that throws all the time must not spend the cell's time on its stacks. */
const MAX_FRAMES = 12;
/** The guest writes the stack, so nothing in it is as long as it likes. */
const MAX_STACK_CHARS = 8 * 1024;
const MAX_LINE_CHARS = 300;
const MAX_POSITION_CHARS = 64;
const FRAME = /^ {4}at (?:[^()]* \()?([^()]+:\d+:\d+)\)?$/;
/** A larger map takes the cell's thread for too long to read. */
const MAX_MAP_CHARS = 2 * 1024 ** 2;

/** Turns the stacks of a function's errors into positions in its own source files, for its log. */
export class StackMapper {
  readonly #artifacts: ArtifactReader;
  readonly #maps = new Map<string, SourceMap | undefined>();

  constructor(artifacts: ArtifactReader) {
    this.#artifacts = artifacts;
  }

  /** The stack without the frames of the runtime, each frame at the place where the author wrote it. */
  readonly map = (spec: FunctionSpec, stack: string): string => {
    const lines = stack
      .slice(0, MAX_STACK_CHARS)
      .split('\n')
      .filter((line) => !line.includes('hairspring:prelude'))
      .map((line) => line.slice(0, MAX_LINE_CHARS));
    const map = this.#mapOf(spec);
    if (map === undefined) return lines.join('\n');
    const file = `${spec.name}.js:`;
    return lines
      .slice(0, MAX_FRAMES)
      .map((line) => (line.includes(file) ? mapFrame(line, file, map) : line))
      .join('\n');
  };

  /** `error`, with the place in the author's source where the module threw while it was loaded. */
  located(spec: FunctionSpec, error: unknown): unknown {
    if (!HairspringError.is(error) || !(error.cause instanceof Error)) return error;
    const { code, message, cause } = error;
    const { stack } = cause;
    if (code !== 'HS_FUNCTION_LOAD' || typeof stack !== 'string') return error;
    const place = this.map(spec, stack)
      .split('\n')
      .map((line) => FRAME.exec(line)?.[1])
      .find((found) => found !== undefined);
    if (place === undefined || message.includes(place)) return error;
    return new HairspringError(code, `${message} (at ${place})`, { cause });
  }

  #mapOf(spec: FunctionSpec): SourceMap | undefined {
    const { digest } = spec.artifact;
    if (this.#maps.has(digest)) return this.#maps.get(digest);
    const map = this.#parse(spec);
    this.#maps.set(digest, map);
    for (const oldest of this.#maps.keys()) {
      if (this.#maps.size <= MAX_MAPS) break;
      this.#maps.delete(oldest);
    }
    return map;
  }

  #parse(spec: FunctionSpec): SourceMap | undefined {
    try {
      const artifact = this.#artifacts.read(spec.name, spec.artifact);
      if (artifact.type !== 'javascript') return undefined;
      const { map } = artifact;
      return map === '' || map.length > MAX_MAP_CHARS ? undefined : new SourceMap(JSON.parse(map));
    } catch {
      return undefined; // The stack as it is says more than a failure to map it.
    }
  }
}

function mapFrame(line: string, file: string, map: SourceMap): string {
  const match = /:(\d{1,7}):(\d{1,7})\)?$/.exec(line.slice(-MAX_POSITION_CHARS));
  if (match === null) return line;
  const entry = map.findEntry(Number(match[1]) - 1, Number(match[2]) - 1);
  if (!('originalSource' in entry) || typeof entry.originalSource !== 'string') return line;
  const place = `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  return line.replace(`${file}${match[1]}:${match[2]}`, () => place.slice(-MAX_LINE_CHARS));
}
