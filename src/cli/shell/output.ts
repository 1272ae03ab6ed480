import type { HairspringError } from '../../core/index.ts';
import { type Colors, createColors } from './colors.ts';
import { renderError } from './error-text.ts';

export interface OutputOptions {
  /** Whether stdout is for programs: JSON and nothing else. */
  readonly json: boolean;
  readonly color: boolean;
}

/**
 * The one way to the terminal. Without `--json` results go to stdout as text, notes and errors to
 * stderr. With it stdout gets exactly one JSON document, or one JSON object per line from a command
 * that goes on; an error is one line in either case: `{"error":{…}}`.
 */
export interface Output {
  readonly json: boolean;
  /** Colours, or none. */
  readonly paint: Colors;
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

export function createOutput({ json, color }: OutputOptions): Output {
  const paint = createColors(color);
  const toStdout = (text: string): void => void process.stdout.write(`${text}\n`);
  const toStderr = (text: string): void => void process.stderr.write(`${text}\n`);
  return {
    json,
    paint,
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
      if (!json) toStderr(paint.dim(text));
    },
    error(error) {
      if (json) toStdout(JSON.stringify(toErrorDocument(error)));
      else toStderr(renderError(error, paint));
    },
  };
}

/** The form of an error with `--json`; the hint is always there. */
export function toErrorDocument(error: HairspringError): object {
  return { error: { ...error.toWire(), hint: error.hint ?? error.info.remedy } };
}
