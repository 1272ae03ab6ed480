import { fromCurveSeed } from '@nats-io/nkeys';
import {
  CURVE_KEY_PATTERN,
  HairspringError,
  SECRET_LIMITS,
  type SealedSecret,
  type SecretContent,
} from '../../core/index.ts';

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The curve key of one namespace on one node. */
export interface OpeningKey {
  /** `X…` */
  readonly publicKey: string;
  /** The bytes in the box; null when it is not one from `sender`. Throws when it has not the form of a box. */
  open(sealed: Uint8Array, sender: string): Uint8Array | null;
}

/** @param seed `SX…` */
export function openingKey(seed: string): OpeningKey {
  const key = fromCurveSeed(new TextEncoder().encode(seed));
  return { publicKey: key.getPublicKey(), open: (sealed, sender) => key.open(sealed, sender) };
}

/**
 * Opens a secret and holds what is inside to what it is said to be.
 * @throws HS_SECRET_RECIPIENT, HS_SECRET_DAMAGED, HS_SECRET_TAMPERED, HS_SECRET_MISMATCH, HS_SECRET_EXPIRED
 */
export function openSecret(key: OpeningKey, secret: SealedSecret, namespace: string, nowMs: number): string {
  const action = `Cannot open secret "${secret.name}" of namespace "${namespace}"`;
  if (secret.recipient !== key.publicKey)
    throw new HairspringError(
      'HS_SECRET_RECIPIENT',
      `${action}: it is sealed to another key than this one's`,
    );
  const content = readContent(openBox(key, secret, action), action);
  const differs = (['name', 'id', 'setAt', 'notAfter'] as const).find(
    (part) => content[part] !== secret[part],
  );
  if (content.namespace !== namespace || differs !== undefined)
    throw new HairspringError(
      'HS_SECRET_MISMATCH',
      differs === undefined
        ? `${action}: it was sealed for another namespace`
        : `${action}: it was sealed with another ${differs}`,
    );
  if (content.notAfter !== undefined && !(Date.parse(content.notAfter) > nowMs))
    throw new HairspringError('HS_SECRET_EXPIRED', `${action}: it was to be used until ${content.notAfter}`);
  return content.value;
}

function openBox(key: OpeningKey, { sealed, sender }: SealedSecret, action: string): Uint8Array {
  const damaged = (why: string): HairspringError =>
    new HairspringError('HS_SECRET_DAMAGED', `${action}: ${why}`);
  if (sealed.length > SECRET_LIMITS.sealedChars || sealed.length % 4 !== 0 || !BASE64.test(sealed))
    throw damaged('it is cut off, or no Base64');
  if (!CURVE_KEY_PATTERN.test(sender)) throw damaged('its sender is no curve key');
  let opened: Uint8Array | null;
  try {
    opened = key.open(Buffer.from(sealed, 'base64'), sender);
  } catch {
    throw damaged('it is cut off, or not of the form xkv1');
  }
  if (opened !== null) return opened;
  throw new HairspringError('HS_SECRET_TAMPERED', `${action}: it was altered, or is not from its sender`);
}

/** What a sender wrote who may be anybody; no error has any of it. */
function readContent(bytes: Uint8Array, action: string): SecretContent {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    value = undefined;
  }
  if (!isContent(value)) throw new HairspringError('HS_SECRET_DAMAGED', `${action}: what is inside is none`);
  const problem = problemOf(value.value);
  if (problem !== undefined) throw new HairspringError('HS_SECRET_INVALID', `${action}: ${problem}`);
  return value;
}

function isContent(value: unknown): value is SecretContent {
  if (typeof value !== 'object' || value === null) return false;
  const content = value as Record<string, unknown>;
  const texts = ['namespace', 'name', 'value', 'id', 'setAt'].every(
    (key) => typeof content[key] === 'string',
  );
  const { notAfter } = content;
  return texts && (notAfter === undefined || typeof notAfter === 'string');
}

function problemOf(value: string): string | undefined {
  const bytes = Buffer.byteLength(value);
  if (bytes === 0) return 'its value is empty';
  if (bytes > SECRET_LIMITS.valueBytes)
    return `its value has ${bytes} bytes, and the limit is ${SECRET_LIMITS.valueBytes}`;
  return value.includes('\0') ? 'its value has a NUL character' : undefined;
}
