import { type FunctionSpec, formatBytes, HairspringError } from '../core/index.ts';
import { type FoundMap, MAX_MAP_CHARS, type SourceMaps } from './source-maps.ts';
import type { SourcePositions } from './source-positions.ts';

/** Those of one error and its causes: a function that throws all the time must not spend the cell's time on its stacks. */
const MAX_FRAMES = 48;
/** Large maps of which that is remembered. */
const MAX_TOLD = 1_000;
/** The guest writes the stack, so nothing in it is as long as it likes. */
const MAX_STACK_CHARS = 8 * 1024;
const MAX_LINE_CHARS = 300;
const MAX_POSITION_CHARS = 64;
const FRAME = /^ {4}at (?:[^()]* \()?([^()]+:\d+:\d+)\)?$/;
const FRAME_HEAD = /^\s{1,100}at /;
const RUNTIME = 'hairspring:prelude';

/** Turns the stacks of a function's errors into positions in its own source files, for its log. */
export class StackMapper {
  readonly #maps: SourceMaps;
  /** Artifacts whose maps are too large, of which that has been said. */
  readonly #told = new Set<string>();

  constructor(maps: SourceMaps) {
    this.#maps = maps;
  }

  /** The stack without the frames of the runtime, each frame at the place where the author wrote it. */
  readonly map = (spec: FunctionSpec, stack: string): string => {
    const lines = stack
      .slice(0, MAX_STACK_CHARS)
      .split('\n')
      .map((line) => line.slice(0, MAX_LINE_CHARS));
    return this.#mapLines(spec, lines);
  };

  /** The same of a line of the log, which may be any text with stacks in it. */
  readonly mapText = (spec: FunctionSpec, text: string): string =>
    text.includes(`${spec.name}.js:`) ? this.#mapLines(spec, text.split('\n')) : text;

  #mapLines(spec: FunctionSpec, lines: readonly string[]): string {
    const file = `${spec.name}.js:`;
    const own = lines.filter((line) => !(line.includes(RUNTIME) && FRAME_HEAD.test(line)));
    if (!own.some((line) => line.includes(file))) return own.join('\n');
    const map = this.#maps.of(spec);
    if (typeof map === 'string') return [...own, ...this.#excuse(spec, map)].join('\n');
    let frames = 0;
    const mapped = own.map((line) => {
      if (frames === MAX_FRAMES || !line.includes(file) || !FRAME_HEAD.test(line)) return line;
      frames += 1;
      return mapFrame(line, file, map);
    });
    return mapped.join('\n');
  }

  #excuse({ artifact }: FunctionSpec, found: FoundMap): readonly string[] {
    if (found !== 'too-large' || this.#told.has(artifact.digest)) return [];
    if (this.#told.size >= MAX_TOLD) this.#told.clear();
    this.#told.add(artifact.digest);
    return [
      `These places are in the bundle: its source map is larger than the ${formatBytes(MAX_MAP_CHARS)} of text that a cell reads`,
    ];
  }

  /** `error`, with the place in the author's source where the module threw while it was loaded. */
  located(spec: FunctionSpec, error: unknown): unknown {
    if (!HairspringError.is(error) || !(error.cause instanceof Error)) return error;
    const { code, message, cause } = error;
    const { stack } = cause;
    if (code !== 'HS_FUNCTION_LOAD' || typeof stack !== 'string') return error;
    const file = `${spec.name}.js:`;
    // Any other is the runtime's, or the host's.
    const frame = stack
      .slice(0, MAX_STACK_CHARS)
      .split('\n')
      .find((line) => placeOf(line)?.startsWith(file));
    const place = frame === undefined ? undefined : placeOf(this.map(spec, frame));
    if (place === undefined || message.includes(place)) return error;
    return new HairspringError(code, `${message} (at ${place})`, { cause });
  }
}

function placeOf(line: string): string | undefined {
  return FRAME.exec(line.slice(0, MAX_LINE_CHARS))?.[1];
}

function mapFrame(line: string, file: string, map: SourcePositions): string {
  const match = /:(\d{1,7}):(\d{1,7})\)?$/.exec(line.slice(-MAX_POSITION_CHARS));
  if (match === null) return line;
  const found = map.find(Number(match[1]) - 1, Number(match[2]) - 1);
  if (found === undefined) return line;
  const place = `${found.source}:${found.line + 1}:${found.column + 1}`;
  return line.replace(`${file}${match[1]}:${match[2]}`, () => place.slice(-MAX_LINE_CHARS));
}
