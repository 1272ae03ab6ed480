import { defineInterface } from '../shared/idl.ts';

/** Names with a code of old, by that code. https://webidl.spec.whatwg.org/#dfn-error-names-table */
const NAMES: readonly (string | undefined)[] = [
  undefined,
  'IndexSizeError',
  undefined,
  'HierarchyRequestError',
  'WrongDocumentError',
  'InvalidCharacterError',
  undefined,
  'NoModificationAllowedError',
  'NotFoundError',
  'NotSupportedError',
  'InUseAttributeError',
  'InvalidStateError',
  'SyntaxError',
  'InvalidModificationError',
  'NamespaceError',
  'InvalidAccessError',
  undefined,
  'TypeMismatchError',
  'SecurityError',
  'NetworkError',
  'AbortError',
  'URLMismatchError',
  'QuotaExceededError',
  'TimeoutError',
  'InvalidNodeTypeError',
  'DataCloneError',
];

const CONSTANTS =
  'INDEX_SIZE_ERR DOMSTRING_SIZE_ERR HIERARCHY_REQUEST_ERR WRONG_DOCUMENT_ERR INVALID_CHARACTER_ERR ' +
  'NO_DATA_ALLOWED_ERR NO_MODIFICATION_ALLOWED_ERR NOT_FOUND_ERR NOT_SUPPORTED_ERR INUSE_ATTRIBUTE_ERR ' +
  'INVALID_STATE_ERR SYNTAX_ERR INVALID_MODIFICATION_ERR NAMESPACE_ERR INVALID_ACCESS_ERR VALIDATION_ERR ' +
  'TYPE_MISMATCH_ERR SECURITY_ERR NETWORK_ERR ABORT_ERR URL_MISMATCH_ERR QUOTA_EXCEEDED_ERR TIMEOUT_ERR ' +
  'INVALID_NODE_TYPE_ERR DATA_CLONE_ERR';

/** Gives an object that was made elsewhere the private fields of the class that extends this one. */
const Given = function (this: object, object: object): object {
  return object;
} as unknown as new (
  object: object,
) => object;

/** What a DOMException says of itself, kept in a real error, so that it is one to the language too. */
class Words extends Given {
  readonly #name: string;
  readonly #message: string;
  constructor(error: object, name: string, message: string) {
    super(error);
    this.#name = name;
    this.#message = message;
  }
  static nameOf(error: object): string {
    return (error as Words).#name;
  }
  static messageOf(error: object): string {
    return (error as Words).#message;
  }
  static has(value: object): boolean {
    return #name in value;
  }
}

const CaptureStack = (Error as unknown as { captureStackTrace?(target: object, above: unknown): void })
  .captureStackTrace;

/** https://webidl.spec.whatwg.org/#idl-DOMException */
export class DOMException {
  /** Given `{ name, cause }` as Node has it, or a name. */
  constructor(message: unknown = '', options: unknown = 'Error') {
    const text = `${message}`;
    let name = 'Error';
    // V8 heads the stack with the message that an error was made with.
    const error: object = new Error(text);
    Reflect.deleteProperty(error, 'message');
    if (typeof options === 'object' && options !== null) {
      const { name: given, cause } = options as { name?: unknown; cause?: unknown };
      if (given !== undefined) name = `${given}`;
      if ('cause' in options)
        Object.defineProperty(error, 'cause', { value: cause, writable: true, configurable: true });
    } else name = `${options}`;
    Object.setPrototypeOf(error, new.target.prototype);
    new Words(error, name, text);
    CaptureStack?.(error, new.target);
    // biome-ignore lint/correctness/noConstructorReturn: only an error made by the language has its inner slot
    return error as DOMException;
  }

  get name(): string {
    return Words.nameOf(this);
  }

  get message(): string {
    return Words.messageOf(this);
  }

  get code(): number {
    const code = NAMES.indexOf(Words.nameOf(this));
    return code === -1 ? 0 : code;
  }
}
Object.setPrototypeOf(DOMException.prototype, Error.prototype);
for (const [index, name] of CONSTANTS.split(' ').entries())
  for (const target of [DOMException, DOMException.prototype])
    Object.defineProperty(target, name, { value: index + 1, enumerable: true });
defineInterface(DOMException, 'DOMException');
Object.defineProperty(DOMException, 'length', { value: 0 });

/** https://webidl.spec.whatwg.org/#quotaexceedederror */
export class QuotaExceededError extends DOMException {
  #quota: number | null = null;
  #requested: number | null = null;

  constructor(message: unknown = '', options: unknown = undefined) {
    super(message, 'QuotaExceededError');
    const { quota, requested } = (options ?? {}) as { quota?: unknown; requested?: unknown };
    if (quota !== undefined) this.#quota = toAmount(quota, 'quota');
    if (requested !== undefined) this.#requested = toAmount(requested, 'requested');
    if (this.#quota !== null && this.#requested !== null && this.#requested < this.#quota)
      throw new RangeError('What was requested is within the quota');
  }

  get quota(): number | null {
    return this.#quota;
  }

  get requested(): number | null {
    return this.#requested;
  }
}
defineInterface(QuotaExceededError, 'QuotaExceededError');

function toAmount(value: unknown, what: string): number {
  const amount = Number(value);
  if (!Number.isFinite(amount)) throw new TypeError(`The ${what} is not a number`);
  if (amount < 0) throw new RangeError(`The ${what} is negative`);
  return amount;
}

/** @returns `undefined` for what is no DOMException */
export function cloneDomException(value: object): object | undefined {
  if (!Words.has(value)) return undefined;
  const { stack } = value as Error;
  const copy =
    value instanceof QuotaExceededError
      ? new QuotaExceededError(Words.messageOf(value), {
          quota: value.quota ?? undefined,
          requested: value.requested ?? undefined,
        })
      : new DOMException(Words.messageOf(value), Words.nameOf(value));
  if (typeof stack === 'string')
    Object.defineProperty(copy, 'stack', { value: stack, writable: true, configurable: true });
  return copy;
}
