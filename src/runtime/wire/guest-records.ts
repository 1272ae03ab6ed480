/** Reads what a guest sends, whose form batch.ts tells. It is hostile: it is parsed here, field by field. */
import { Buffer } from 'node:buffer';
import { HairspringError } from '../../core/index.ts';
import type { Extra, Payload } from './batch.ts';

/** What is kept of an error's text and stack; the guest cuts them too, but may have been patched. */
const MAX_ERROR_CHARS = 2_048;
const MAX_STACK_CHARS = 8_192;
/** Labels, operations and levels are names. */
const MAX_NAME_CHARS = 256;
/** What is kept of a log line. */
const MAX_LINE_CHARS = 8_200;
/** Longer than any argument that a host service takes, and of a header list more than a reply may have. */
const MAX_ARGUMENT_CHARS = 64 * 1024;
const MAX_HEADER_ITEMS = 512;
const MAX_HEADER_CHARS = 64 * 1024;
const NO_HEADERS: readonly string[] = [];

export type GuestRecord =
  | {
      readonly kind: 'reply';
      readonly id: number;
      readonly tails: number;
      readonly headers: readonly string[];
      readonly payload: Payload;
    }
  | {
      readonly kind: 'error';
      readonly id: number;
      readonly tails: number;
      readonly code: string;
      readonly message: string;
      readonly stack: string;
    }
  | {
      readonly kind: 'call';
      readonly callId: number;
      /** The invocation that makes it as far as the guest knows; 0 for none. */
      readonly id: number;
      /** It may be of an invocation up to this one: after an `await` the guest cannot tell for sure. */
      readonly newestId: number;
      readonly label: string;
      readonly op: string;
      readonly args: readonly (string | number | null)[];
      readonly payload: Payload;
    }
  | { readonly kind: 'log'; readonly level: string; readonly text: string }
  | {
      readonly kind: 'timer';
      readonly timerId: number;
      readonly delayMs: number;
      /** The invocation that set it as far as the guest knows; 0 for none. */
      readonly ownerId: number;
      /** As that of a call. */
      readonly newestId: number;
    }
  | { readonly kind: 'clear-timer'; readonly timerId: number }
  | { readonly kind: 'tails-done'; readonly id: number };

function tampered(detail: string): HairspringError {
  return new HairspringError('HS_GUEST_TAMPERED', `Cannot read what the isolate sent: ${detail}`);
}

/** Reads the fields of a guest's records one after another; each getter throws HS_GUEST_TAMPERED on a wrong one. */
class RecordReader {
  readonly #fields: readonly unknown[];
  readonly #extras: readonly Extra[];
  #at = 0;

  constructor(fields: readonly unknown[], extras: readonly Extra[]) {
    this.#fields = fields;
    this.#extras = extras;
  }

  get done(): boolean {
    return this.#at >= this.#fields.length;
  }

  any(): unknown {
    const value = this.#fields[this.#at];
    this.#at += 1;
    return value;
  }

  integer(): number {
    const value = this.any();
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw tampered('an id is not an integer');
    return value;
  }

  text(): string {
    const value = this.any();
    if (typeof value !== 'string') throw tampered('a text is not a string');
    return value;
  }

  name(): string {
    const value = this.text();
    if (value.length > MAX_NAME_CHARS) throw tampered('a name is too long');
    return value;
  }

  delayMs(): number {
    const value = this.any();
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
      throw tampered('a delay is not a number');
    return value;
  }

  headers(): readonly string[] {
    const value = this.any();
    if (value === 0) return NO_HEADERS;
    if (!isHeaderList(value)) throw tampered('headers are not text');
    return value;
  }

  args(): readonly (string | number | null)[] {
    const value = this.any();
    if (!isArgs(value)) throw tampered('arguments are not strings or numbers');
    return value;
  }

  payload(): Payload {
    const kind = this.any();
    const value = this.any();
    if (kind === 0) return undefined;
    if (kind === 1 && typeof value === 'string') return value;
    if (kind === 2 && typeof value === 'string') return Buffer.from(value, 'latin1');
    const extra = kind === 3 && typeof value === 'number' ? this.#extras[value] : undefined;
    if (typeof extra === 'string') return extra;
    if (extra instanceof ArrayBuffer) return new Uint8Array(extra);
    throw tampered('a payload is neither text nor bytes');
  }
}

/**
 * Gives the guest's records to `take`, one after another.
 * @throws HS_GUEST_TAMPERED at the first field that is not of its form; what stands before it has been taken
 */
export function readGuestBatch(
  json: string,
  extras: readonly Extra[],
  take: (record: GuestRecord) => void,
): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw tampered('it is not JSON');
  }
  if (!Array.isArray(parsed)) throw tampered('it is not an array');
  const reader = new RecordReader(parsed, extras);
  while (!reader.done) take(readRecord(reader));
}

function readRecord(reader: RecordReader): GuestRecord {
  switch (reader.any()) {
    case 0: {
      const id = reader.integer();
      const tails = reader.integer();
      const headers = reader.headers();
      return { kind: 'reply', id, tails, headers, payload: reader.payload() };
    }
    case 1:
      return {
        kind: 'error',
        id: reader.integer(),
        tails: reader.integer(),
        code: reader.name(),
        message: reader.text().slice(0, MAX_ERROR_CHARS),
        stack: reader.text().slice(0, MAX_STACK_CHARS),
      };
    case 2: {
      const callId = reader.integer();
      const id = reader.integer();
      const newestId = reader.integer();
      const label = reader.name();
      const op = reader.name();
      const args = reader.args();
      return { kind: 'call', callId, id, newestId, label, op, args, payload: reader.payload() };
    }
    case 3:
      return { kind: 'log', level: reader.name(), text: reader.text().slice(0, MAX_LINE_CHARS) };
    case 4: {
      const timerId = reader.integer();
      const delayMs = reader.delayMs();
      return { kind: 'timer', timerId, delayMs, ownerId: reader.integer(), newestId: reader.integer() };
    }
    case 5:
      return { kind: 'clear-timer', timerId: reader.integer() };
    case 6:
      return { kind: 'tails-done', id: reader.integer() };
    default:
      throw tampered('a record has no known kind');
  }
}

function isHeaderList(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length > MAX_HEADER_ITEMS) return false;
  let chars = 0;
  for (const item of value) {
    if (typeof item !== 'string') return false;
    chars += item.length;
  }
  return chars <= MAX_HEADER_CHARS;
}

function isArgs(value: unknown): value is (string | number | null)[] {
  return (
    Array.isArray(value) &&
    value.length <= 16 &&
    value.every(
      (item) =>
        item === null ||
        typeof item === 'number' ||
        (typeof item === 'string' && item.length <= MAX_ARGUMENT_CHARS),
    )
  );
}
