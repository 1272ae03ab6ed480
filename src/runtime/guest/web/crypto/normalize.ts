import type { Algorithm } from './algorithm.ts';
import { domError } from './errors.ts';
import { type CryptoKey, slotsOf } from './key.ts';
import { findAlgorithm, type Operation, type Parameter } from './registry.ts';
import { type BufferSource, copyBytes, isObject, toBufferSource, toText, toUnsigned } from './webidl.ts';

export type AlgorithmIdentifier = string | Record<PropertyKey, unknown>;

export function toIdentifier(value: unknown): AlgorithmIdentifier {
  return isObject(value) ? value : toText(value);
}

/** Reads what the caller says an algorithm is. https://www.w3.org/TR/webcrypto-2/#algorithm-normalization-normalize-an-algorithm */
export function normalize(operation: Operation, identifier: AlgorithmIdentifier): Algorithm {
  const given = typeof identifier === 'string' ? { name: identifier } : identifier;
  const { name: givenName } = given as { readonly name?: unknown };
  if (givenName === undefined) throw new TypeError('An algorithm must have a name');
  const anyCase = toText(givenName);
  const found = findAlgorithm(operation, anyCase);
  if (found === undefined)
    throw domError('NotSupportedError', `"${anyCase}" is no algorithm for this operation`);
  const algorithm: Record<string, unknown> & { name: string } = { name: found.name };
  for (const parameter of found.parameters) {
    const value = (given as Record<string, unknown>)[parameter.name];
    if (value !== undefined) algorithm[parameter.name] = convert(parameter, value);
    else if (parameter.required) throw new TypeError(`${found.name} needs the parameter "${parameter.name}"`);
  }
  for (const { name, kind } of found.parameters) {
    const value = algorithm[name];
    if (value === undefined) continue;
    if (kind === 'bytes' || kind === 'integer-bytes') algorithm[name] = copyBytes(value as BufferSource);
    else if (kind === 'hash') algorithm[name] = normalizeHash(value as AlgorithmIdentifier);
    else if (kind === 'key') checkPublicKey(value as CryptoKey, found.name);
  }
  return algorithm;
}

function convert({ name, kind }: Parameter, value: unknown): unknown {
  switch (kind) {
    case 'bytes':
      return toBufferSource(value, `"${name}"`);
    case 'integer-bytes':
      if (!(value instanceof Uint8Array)) throw new TypeError(`"${name}" must be a Uint8Array`);
      return value;
    case 'hash':
      return toIdentifier(value);
    case 'key':
      if (slotsOf(value) === undefined) throw new TypeError(`"${name}" must be a CryptoKey`);
      return value;
    case 'text':
      return toText(value);
    default:
      return toUnsigned(value, kind, `"${name}"`);
  }
}

/** The algorithms that take a hash take the plain ones of the SHA families only. */
function normalizeHash(identifier: AlgorithmIdentifier): Algorithm {
  const hash = normalize('digest', identifier);
  if (!hash.name.startsWith('SHA'))
    throw domError('NotSupportedError', `"${hash.name}" cannot be the hash of another algorithm`);
  return hash;
}

function checkPublicKey(key: CryptoKey, algorithm: string): void {
  const slots = slotsOf(key);
  if (slots?.type !== 'public') throw domError('InvalidAccessError', '"public" must be a public key');
  if (slots.algorithm.name !== algorithm)
    throw domError('InvalidAccessError', `"public" must be a key of ${algorithm}`);
}
