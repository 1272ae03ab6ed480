import type { HairspringError } from '../../core/index.ts';
import { type Colors, createColors } from './colors.ts';
import { renderError } from './error-text.ts';
import { countOf } from './format.ts';
import { LossyLines } from './unread.ts';

export interface OutputOptions {
  /** Whether stdout is for programs: JSON and nothing else. */
  readonly json: boolean;
  readonly color: boolean;
  readonly errorColor: boolean;
  /** Whether what nobody reads may be lost: of a command that goes on when nobody does. @default false */
  readonly mayLose?: boolean;
}

/**
 * The one way to the terminal. Without `--json` results go to stdout as text, notes and errors to
 * stderr. With it stdout gets exactly one JSON document, or one JSON object per line from a command
 * that goes on; an error is one line in either case: `{"error":{…}}`.
 */
export interface Output {
  readonly json: boolean;
  /** Colours, or none, for what goes to stdout. */
  readonly paint: Colors;
  /** The same for stderr. */
  readonly errorPaint: Colors;
  /** The result of the command. At most once. */
  result(value: unknown, render: () => string): void;
  /** One of many results, as they come. */
  event(value: object, render: () => string): void;
  /** Bytes as they are. */
  raw(bytes: Uint8Array): void;
  /** Something for people to know while they wait; goes to stderr, and nowhere with `--json`. */
  note(text: string): void;
  /** An error, whether it ends the command or not. */
  error(error: HairspringError): void;
}

export function createOutput({ json, color, errorColor, mayLose = false }: OutputOptions): Output {
  const paint = createColors(color);
  const errorPaint = createColors(errorColor);
  const textOfLoss = (colors: Colors) => (lines: number) =>
    colors.yellow(`${countOf(lines, 'line')} lost: nobody has read what was printed before`);
  const jsonOfLoss = (lines: number): string => JSON.stringify({ event: 'unread', lost: lines });
  const linesOf = (
    stream: NodeJS.WriteStream,
    describeLoss: (lines: number) => string,
  ): ((text: string) => void) => {
    if (!mayLose) return (text) => void stream.write(`${text}\n`);
    const lines = new LossyLines(stream, describeLoss);
    return (text) => lines.write(text);
  };
  const toStdout = linesOf(process.stdout, json ? jsonOfLoss : textOfLoss(paint));
  const toStderr = linesOf(process.stderr, textOfLoss(errorPaint));
  return {
    json,
    paint,
    errorPaint,
    result(value, render) {
      toStdout(json ? JSON.stringify(value, undefined, 2) : render());
    },
    event(value, render) {
      toStdout(json ? JSON.stringify(value) : render());
    },
    raw(bytes) {
      process.stdout.write(bytes);
    },
    note(text) {
      if (!json) toStderr(errorPaint.dim(text));
    },
    error(error) {
      if (json) toStdout(JSON.stringify(toErrorDocument(error)));
      else toStderr(renderError(error, errorPaint));
    },
  };
}

/** The form of an error with `--json`; the hint is always there. */
export function toErrorDocument(error: HairspringError): object {
  return { error: { ...error.toWire(), hint: error.hint ?? error.info.remedy } };
}
