/** Secrets on their way from whoever sets them to the cell that opens them. */

/** What anybody may see of a sealed secret; the same is inside of it, where nobody can alter it. */
export interface SecretLabel {
  readonly name: string;
  /** Of this value: another value has another one. */
  readonly id: string;
  /** RFC 3339. */
  readonly setAt: string;
  /** RFC 3339; from then on it is not opened any more. */
  readonly notAfter?: string | undefined;
}

/** A secret that only the holder of one curve key can read. */
export interface SealedSecret extends SecretLabel {
  /** Public curve key (`X…`) to which it is sealed: that of one namespace on one node. */
  readonly recipient: string;
  /** Public curve key of the sender, made for this one value. */
  readonly sender: string;
  /** The JSON of a {@link SecretContent} in nkeys' form `xkv1`, as Base64. */
  readonly sealed: string;
}

/** What is sealed. */
export interface SecretContent extends SecretLabel {
  readonly namespace: string;
  readonly value: string;
}

const VALUE_BYTES = 64 * 1024;
const NODE_CHARS = 64 * 1024 ** 2;

export const SECRET_LIMITS = {
  /** UTF-8 bytes of a value. */
  valueBytes: VALUE_BYTES,
  /** Characters of the Base64 of a sealed value, all of whose characters JSON may have had to escape. */
  sealedChars: Math.ceil(((6 * VALUE_BYTES + 1024) * 4) / 3),
  perNamespace: 256,
  /** Characters of all sealed secrets of one namespace on a node, so that no other goes without. */
  namespaceChars: NODE_CHARS / 16,
  /** Characters of all sealed secrets of one node, which it has in memory. */
  nodeChars: NODE_CHARS,
  /** A value of fewer characters is not looked for in logs: it may stand in any word. */
  redactedChars: 8,
} as const;

/** A public curve key in nkeys' encoding. */
export const CURVE_KEY_PATTERN: RegExp = /^X[A-Z2-7]{55}$/;

/** What a node signs to say that `xkey` is its key for the secrets of `namespace`. */
export function secretKeyStatement(nodeId: string, namespace: string, xkey: string): Uint8Array {
  return new TextEncoder().encode(`hairspring secret key 1\n${nodeId}\n${namespace}\n${xkey}`);
}
