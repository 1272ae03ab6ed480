import type { ErrorCodeInfo } from './error-code-info.ts';
import { ERROR_CODES, type ErrorCode, isErrorCode } from './error-codes.ts';

const MARKER: unique symbol = Symbol.for('hairspring.error');

export interface HairspringErrorOptions {
  /** What caused it; for operators, never sent to a caller. */
  readonly cause?: unknown;
  /** A hint that is more exact than the remedy of the code. */
  readonly hint?: string;
  /** Where in a file of the user's the problem is. */
  readonly position?: SourcePosition;
}

export interface SourcePosition {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  /** The text of the line, for a frame under the message. */
  readonly lineText?: string;
}

/** An error in the form that crosses process borders: safe for a caller to read. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly position?: SourcePosition;
}

/**
 * The one error class of the product. `code` is stable and documented in docs/errors.md; `message`
 * names the action and quotes the value; it is safe to show to a caller.
 */
export class HairspringError extends Error {
  override readonly name = 'HairspringError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly position: SourcePosition | undefined;
  readonly [MARKER] = true;

  constructor(code: ErrorCode, message: string, options: HairspringErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.position = options.position;
  }

  get info(): ErrorCodeInfo {
    return ERROR_CODES[this.code];
  }

  /** Whether `value` is one of ours, also when it comes from a second copy of this module. */
  static is(value: unknown): value is HairspringError {
    return typeof value === 'object' && value !== null && MARKER in value;
  }

  /** Any thrown value as one of ours; what is unknown becomes `HS_INTERNAL` with the original as its cause. */
  static from(value: unknown): HairspringError {
    if (HairspringError.is(value)) return value;
    return new HairspringError('HS_INTERNAL', value instanceof Error ? value.message : String(value), {
      cause: value,
    });
  }

  toWire(): WireError {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.position === undefined ? {} : { position: this.position }),
    };
  }

  static fromWire(wire: WireError): HairspringError {
    return new HairspringError(isErrorCode(wire.code) ? wire.code : 'HS_INTERNAL', wire.message, {
      ...(wire.hint === undefined ? {} : { hint: wire.hint }),
      ...(wire.position === undefined ? {} : { position: wire.position }),
    });
  }
}

/** `error` with another text. */
export function withMessage(error: HairspringError, message: string): HairspringError {
  if (message === error.message) return error;
  const { code, cause, hint, position } = error;
  return new HairspringError(code, message, {
    ...(cause === undefined ? {} : { cause }),
    ...(hint === undefined ? {} : { hint }),
    ...(position === undefined ? {} : { position }),
  });
}

/** Marks a branch that the types rule out. */
export function unreachable(value: never): never {
  throw new HairspringError('HS_INTERNAL', `Unexpected value ${JSON.stringify(value)}`);
}
