import {
  HairspringError,
  type HostCall,
  isSubject,
  type KvBinding,
  subjectMatches,
  subjectsOverlap,
} from '../../core/index.ts';
import { KV_LIMITS } from './limits.ts';

/** Operations and the access that each needs. */
export const KV_OPERATIONS = {
  get: 'read',
  history: 'read',
  keys: 'read',
  watch: 'read',
  next: 'read',
  close: 'read',
  put: 'write',
  create: 'write',
  update: 'write',
  delete: 'write',
  purge: 'write',
} as const satisfies Record<string, 'read' | 'write'>;

export type KvOperation = keyof typeof KV_OPERATIONS;

export function isKvOperation(op: string): op is KvOperation {
  return Object.hasOwn(KV_OPERATIONS, op);
}

/**
 * What a call needs of its grant, before there is a connection to make it by.
 * @throws HS_HOST_CALL_INVALID, HS_KV_KEY_INVALID, HS_BINDING_DENIED
 */
export function checkKvCall(label: string, binding: KvBinding, { op: given, args }: HostCall): void {
  const op = checkOperation(label, binding, given);
  if (op === 'keys') keysFilter(label, binding, args[0]);
  else if (op === 'watch') watchFilter(label, binding, args[2]);
  else if (op !== 'next' && op !== 'close') checkKey(label, binding, op, args[0]);
}

/**
 * @throws HS_HOST_CALL_INVALID when there is no such operation, HS_BINDING_DENIED when the grant does not cover it
 */
export function checkOperation(label: string, binding: KvBinding, op: string): KvOperation {
  if (!isKvOperation(op)) {
    throw new HairspringError(
      'HS_HOST_CALL_INVALID',
      `Cannot call ${label}.${op.slice(0, 100)}: a KV bucket has no such operation`,
    );
  }
  const needed = KV_OPERATIONS[op];
  if (binding.access === 'read-write' || binding.access === needed) return op;
  throw new HairspringError(
    'HS_BINDING_DENIED',
    `Cannot ${op} in bucket "${binding.bucket}": binding ${label} grants access "${binding.access}", and ${op} needs "${needed}"`,
  );
}

/**
 * The key, checked for form and against the grant's pattern.
 * @throws HS_KV_KEY_INVALID, HS_BINDING_DENIED
 */
export function checkKey(label: string, binding: KvBinding, op: KvOperation, key: unknown): string {
  if (typeof key !== 'string' || !isKey(key)) {
    const shown = typeof key === 'string' ? `"${key.slice(0, 100)}"` : typeof key;
    throw new HairspringError('HS_KV_KEY_INVALID', `Cannot ${op} key ${shown}: it is not a valid key`);
  }
  if (!subjectMatches(binding.keys, key)) {
    throw new HairspringError(
      'HS_BINDING_DENIED',
      `Cannot ${op} key "${key}" in bucket "${binding.bucket}": binding ${label} grants keys "${binding.keys}"`,
    );
  }
  return key;
}

/** Whether `filter` can match KV keys: wildcards as whole tokens, otherwise the characters of keys. */
export function isKeyFilter(filter: string): boolean {
  if (filter.length > KV_LIMITS.keyBytes || !isSubject(filter)) return false;
  return filter
    .split('.')
    .every((token) => token === '*' || token === '>' || /^[-/_=A-Za-z0-9]+$/.test(token));
}

/**
 * The filter of a watch: what was asked for, or all that the grant covers.
 * @throws HS_KV_KEY_INVALID, HS_BINDING_DENIED
 */
export function watchFilter(label: string, { bucket, keys }: KvBinding, filter: unknown): string {
  if (filter === undefined) return keys;
  if (typeof filter !== 'string' || !isKeyFilter(filter)) {
    const shown = typeof filter === 'string' ? `"${filter.slice(0, 100)}"` : typeof filter;
    throw new HairspringError('HS_KV_KEY_INVALID', `Cannot watch ${shown}: it is not a key filter`);
  }
  if (isWithin(keys, filter)) return filter;
  throw new HairspringError(
    'HS_BINDING_DENIED',
    `Cannot watch "${filter}" in bucket "${bucket}": binding ${label} grants keys "${keys}"`,
  );
}

/** Whether every key that matches `filter` matches `grant` too. */
function isWithin(grant: string, filter: string): boolean {
  const allowed = grant.split('.');
  const asked = filter.split('.');
  for (const [index, token] of allowed.entries()) {
    const other = asked[index];
    if (other === undefined) return false;
    if (token === '>') return true;
    if (other === '>' || (token !== '*' && token !== other)) return false;
  }
  return allowed.length === asked.length;
}

/** NATS's own rule for keys, with empty tokens refused too. */
function isKey(key: string): boolean {
  if (key.length > KV_LIMITS.keyBytes || !/^[-/_=.a-zA-Z0-9]+$/.test(key)) return false;
  return key.split('.').every((token) => token !== '');
}

/**
 * The NATS filter under which keys that begin with `prefix` are listed: never wider than the grant.
 * The last, perhaps incomplete token of the prefix is left to the caller to compare.
 * @throws HS_KV_KEY_INVALID, HS_BINDING_DENIED
 */
export function keysFilter(
  label: string,
  binding: KvBinding,
  prefix: unknown,
): { readonly prefix: string; readonly filter: string } {
  if (
    typeof prefix !== 'string' ||
    prefix.length > KV_LIMITS.keyBytes ||
    !/^[-/_=.a-zA-Z0-9]*$/.test(prefix)
  ) {
    throw new HairspringError(
      'HS_KV_KEY_INVALID',
      'Cannot list keys: the prefix is not the beginning of a valid key',
    );
  }
  const tokens = prefix.split('.').slice(0, -1);
  if (tokens.length === 0) return { prefix, filter: binding.keys };
  if (tokens.includes('')) {
    throw new HairspringError(
      'HS_KV_KEY_INVALID',
      `Cannot list keys "${prefix}…": the prefix has an empty token`,
    );
  }
  const narrowed = `${tokens.join('.')}.>`;
  if (!subjectsOverlap(binding.keys, narrowed)) {
    throw new HairspringError(
      'HS_BINDING_DENIED',
      `Cannot list keys "${prefix}…" in bucket "${binding.bucket}": binding ${label} grants keys "${binding.keys}"`,
    );
  }
  const grant = binding.keys.split('.');
  const within = grant.at(-1) === '>' && grant.length - 1 <= tokens.length;
  return { prefix, filter: within ? narrowed : binding.keys };
}
