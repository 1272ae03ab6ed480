import { toSequence } from '../shared/idl.ts';
import { isObject, toText } from './webidl.ts';

/** https://www.w3.org/TR/webcrypto-2/#JsonWebKey-dictionary, and `pub` and `priv` of the modern algorithms. */
const MEMBERS = 'alg crv d dp dq e ext k key_ops kty n oth p priv pub q qi use x y';
const PRIME_MEMBERS = 'd r t';

function convert(value: Record<PropertyKey, unknown>, members: string): Record<string, unknown> {
  const converted: Record<string, unknown> = {};
  for (const name of members.split(' ')) {
    const member = value[name];
    if (member === undefined) continue;
    if (name === 'ext') converted[name] = Boolean(member);
    else if (name === 'key_ops') converted[name] = toSequence(member, '"key_ops"').map(toText);
    else if (name === 'oth') converted[name] = toSequence(member, '"oth"').map(toPrime);
    else converted[name] = toText(member);
  }
  return converted;
}

function toPrime(value: unknown): object {
  if (!isObject(value)) throw new TypeError('"oth" must hold objects');
  return convert(value, PRIME_MEMBERS);
}

export function toJsonWebKey(value: unknown): object {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw new TypeError('Key data must be bytes or a JSON Web Key');
  return convert(value, MEMBERS);
}
