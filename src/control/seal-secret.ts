import { createCurve, fromPublic } from '@nats-io/nkeys';
import { nuid } from '@nats-io/nuid';
import {
  CURVE_KEY_PATTERN,
  HairspringError,
  isToken,
  SECRET_LIMITS,
  type SealedSecret,
  type SecretContent,
  type SecretLabel,
  secretKeyStatement,
} from '../core/index.ts';
import type { SecretKey } from './secret-types.ts';

export interface SecretToSet {
  readonly namespace: string;
  readonly name: string;
  readonly value: string;
  readonly setAt: Date;
  readonly notAfter?: Date | undefined;
}

/**
 * Checks that the node itself says that this is its key for the namespace.
 * @throws HS_SECRET_KEY_UNTRUSTED
 */
export function verifySecretKey({ node_id, namespace, xkey, signature }: SecretKey, wanted: string): void {
  const statement = secretKeyStatement(node_id, wanted, xkey);
  if (namespace === wanted && CURVE_KEY_PATTERN.test(xkey) && isSigned(node_id, statement, signature)) return;
  throw new HairspringError(
    'HS_SECRET_KEY_UNTRUSTED',
    `Cannot seal for node "${node_id}": its key for namespace "${wanted}" is not signed by it`,
  );
}

function isSigned(nodeId: string, statement: Uint8Array, signature: string): boolean {
  if (!/^N[A-Z2-7]{55}$/.test(nodeId)) return false;
  try {
    return fromPublic(nodeId).verify(statement, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}

/**
 * Seals a secret to `recipient`, by a sender's key that is used this once: who has the box and whatever key
 * of the deployer's cannot open it afterwards.
 * @throws HS_SECRET_INVALID
 */
export function sealSecret(secret: SecretToSet, recipient: string): SealedSecret {
  const { namespace, name, value, setAt, notAfter } = secret;
  checkSecret(name, value);
  const label: SecretLabel = {
    name,
    id: nuid.next(),
    setAt: setAt.toISOString(),
    ...(notAfter === undefined ? {} : { notAfter: notAfter.toISOString() }),
  };
  const content: SecretContent = { ...label, namespace, value };
  const sender = createCurve();
  try {
    const box = sender.seal(new TextEncoder().encode(JSON.stringify(content)), recipient);
    return {
      ...label,
      recipient,
      sender: sender.getPublicKey(),
      sealed: Buffer.from(box).toString('base64'),
    };
  } finally {
    sender.clear();
  }
}

/** @throws HS_SECRET_INVALID, without the value */
export function checkSecret(name: string, value: string): void {
  const refuse = (why: string): never => {
    throw new HairspringError('HS_SECRET_INVALID', `Cannot set secret "${name}": ${why}`);
  };
  if (!isToken(name)) refuse('a name is 1 to 64 letters, digits, - and _');
  const bytes = Buffer.byteLength(value);
  if (bytes === 0) refuse('its value is empty');
  if (bytes > SECRET_LIMITS.valueBytes)
    refuse(`its value has ${bytes} bytes, and the limit is ${SECRET_LIMITS.valueBytes}`);
  if (value.includes('\0')) refuse('its value has a NUL character, which no environment can hold');
  if (!value.isWellFormed()) refuse('its value is no well-formed text');
}
