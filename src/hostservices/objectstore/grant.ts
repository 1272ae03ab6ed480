import { HairspringError, type HostCall, type ObjectStoreBinding } from '../../core/index.ts';
import { OBJECT_LIMITS } from './limits.ts';

/** Operations and the access that each needs; what goes on with something open needs none of its own. */
export const OBJECT_OPERATIONS = {
  info: 'read',
  get: 'read',
  open: 'read',
  list: 'read',
  watch: 'read',
  put: 'write',
  create: 'write',
  link: 'write',
  delete: 'write',
  write: 'none',
  finish: 'none',
  next: 'none',
  close: 'none',
} as const satisfies Record<string, 'read' | 'write' | 'none'>;

export type ObjectOperation = keyof typeof OBJECT_OPERATIONS;

/**
 * What a call needs of its grant, before there is a connection to make it by.
 * @throws HS_HOST_CALL_INVALID, HS_OBJECT_NAME_INVALID, HS_BINDING_DENIED
 */
export function checkObjectCall(
  label: string,
  binding: ObjectStoreBinding,
  { op: given, args }: HostCall,
): void {
  const op = checkOperation(label, binding, given);
  if (op === 'list') checkPrefix(args[0]);
  else if (op !== 'watch' && OBJECT_OPERATIONS[op] !== 'none') checkName(op, args[0]);
}

/**
 * @throws HS_HOST_CALL_INVALID when there is no such operation, HS_BINDING_DENIED when the grant does not cover it
 */
export function checkOperation(label: string, binding: ObjectStoreBinding, op: string): ObjectOperation {
  if (!isObjectOperation(op)) {
    throw new HairspringError(
      'HS_HOST_CALL_INVALID',
      `Cannot call ${label}.${op.slice(0, 100)}: an object store has no such operation`,
    );
  }
  const needed = OBJECT_OPERATIONS[op];
  if (needed === 'none' || binding.access === 'read-write' || binding.access === needed) return op;
  throw new HairspringError(
    'HS_BINDING_DENIED',
    `Cannot ${op} in object store "${binding.bucket}": binding ${label} grants access "${binding.access}", and ${op} needs "${needed}"`,
  );
}

export function isObjectOperation(op: string): op is ObjectOperation {
  return Object.hasOwn(OBJECT_OPERATIONS, op);
}

/** @throws HS_OBJECT_NAME_INVALID */
export function checkName(op: string, name: unknown): string {
  const reason = typeof name === 'string' ? nameFault(name) : `it is a ${typeof name}`;
  if (reason === undefined && typeof name === 'string') return name;
  const shown = typeof name === 'string' ? JSON.stringify(name.slice(0, 100)) : String(name);
  throw new HairspringError('HS_OBJECT_NAME_INVALID', `Cannot ${op} object ${shown}: ${reason}`);
}

function nameFault(name: string): string | undefined {
  if (name === '') return 'a name is not empty';
  if (!name.isWellFormed()) return 'a name is well-formed Unicode';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'a name has no control characters';
  const bytes = Buffer.byteLength(name);
  if (bytes <= OBJECT_LIMITS.nameBytes) return undefined;
  return `a name has at most ${OBJECT_LIMITS.nameBytes} bytes, and this one has ${bytes}`;
}

/** What names that are listed begin with. @throws HS_OBJECT_NAME_INVALID */
export function checkPrefix(prefix: unknown): string {
  return prefix === '' ? prefix : checkName('list', prefix);
}
