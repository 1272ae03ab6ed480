import type { Algorithm } from './algorithm.ts';
import { domError } from './errors.ts';
import { createKey, type KeySlots, type KeyType, slotsOf } from './key.ts';
import { takeTurn } from './turns.ts';

/**
 * Has the host do one operation. Arguments cross as JSON, with their bytes beside it: `{"bytes":[offset,length]}`
 * stands for some of them, `{"key":[…],"bytes":[…]}` for a key. The answer has the same form.
 * @throws what the operation throws
 */
export async function callHost(operation: string, args: readonly unknown[]): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const addBytes = (bytes: Uint8Array): string => {
    parts.push(bytes);
    length += bytes.length;
    return `"bytes":[${length - bytes.length},${bytes.length}]`;
  };
  const encode = (value: unknown): string => {
    if (value instanceof Uint8Array) return `{${addBytes(value)}}`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
    if (Array.isArray(value)) return `[${value.map(encode).join(',')}]`;
    const slots = slotsOf(value);
    if (slots !== undefined) return `{"key":${slots.wire},${addBytes(slots.material)}}`;
    let members = '';
    for (const [name, member] of Object.entries(value))
      members += `${members === '' ? '' : ','}${JSON.stringify(name)}:${encode(member)}`;
    return `{${members}}`;
  };
  const json = encode(args);
  const [answer, data] = await takeTurn(operation, json, join(parts, length));
  return decode(answer, data);
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array | undefined {
  if (parts.length < 2) return parts[0];
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

interface Answer {
  readonly error?: readonly [string, string];
  readonly bytes?: readonly [number, number];
  readonly key?: readonly [KeyType, boolean, unknown, string[]];
  readonly [member: string]: unknown;
}

function decode(answer: unknown, data: Uint8Array<ArrayBuffer>): unknown {
  const { error } = (answer ?? {}) as Answer;
  if (error === undefined) return decodeValue(answer, data, true);
  const [name, message] = error;
  throw name === 'TypeError' ? new TypeError(message) : domError(name, message);
}

function decodeValue(answer: unknown, data: Uint8Array<ArrayBuffer>, buffers: boolean): unknown {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return answer;
  const { bytes: place, key, ...members } = answer as Answer;
  if (place !== undefined) {
    const [offset, length] = place;
    const bytes = data.slice(offset, offset + length);
    if (key === undefined) return buffers ? bytes.buffer : bytes;
    const [type, extractable, algorithm, usages] = key;
    return createKey({
      type,
      extractable,
      algorithm: decodeValue(algorithm, data, false) as Algorithm,
      usages,
      material: bytes,
    } satisfies Omit<KeySlots, 'wire'>);
  }
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [name, decodeValue(member, data, buffers)]),
  );
}
