import { hkdfSync, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCurve, createServer, fromCurveSeed, fromSeed } from '@nats-io/nkeys';
import { HairspringError } from '../../core/index.ts';
import { privateKey, seedBytes, toCurvePublicKey, toCurveSeed } from './curve-keys.ts';

export interface NodeIdentity {
  /** Public server nkey, `N…`: the node id of Nex's protocol. */
  readonly nodeId: string;
  /** Public curve key, `X…`, to which deployers may seal. */
  readonly xkey: string;
}

/** The private half of the node's identity. */
export interface NodeKeys {
  readonly identity: NodeIdentity;
  /** An Ed25519 signature by the key whose public half is the node id. */
  sign(bytes: Uint8Array): Uint8Array;
  /** The curve key of a namespace on this node: knowing one tells nothing about another's, nor about the node's. */
  secretKeyOf(namespace: string): SecretKeyPair;
}

export interface SecretKeyPair {
  /** `X…` */
  readonly publicKey: string;
  /** `SX…` */
  readonly seed: string;
}

/** The node's keys, made at its first start and kept in the data folder, readable by its owner alone. */
export function loadNodeKeys(dataDir: string): NodeKeys {
  const nodeSeed = loadSeed(join(dataDir, 'node.seed'), () => createServer().getSeed());
  const curveSeed = loadSeed(join(dataDir, 'node.xseed'), () => createCurve().getSeed());
  const identity = {
    nodeId: fromSeed(nodeSeed).getPublicKey(),
    xkey: fromCurveSeed(curveSeed).getPublicKey(),
  };
  const signingKey = privateKey('ed25519', seedBytes(new TextDecoder().decode(nodeSeed)));
  const root = seedBytes(new TextDecoder().decode(curveSeed));
  return {
    identity,
    sign: (bytes) => sign(null, bytes, signingKey),
    secretKeyOf(namespace) {
      const bytes = new Uint8Array(hkdfSync('sha256', root, 'hairspring secrets 1', namespace, 32));
      return { publicKey: toCurvePublicKey(bytes), seed: toCurveSeed(bytes) };
    },
  };
}

function loadSeed(file: string, create: () => Uint8Array): Uint8Array {
  try {
    return new TextEncoder().encode(readFileSync(file, 'utf8').trim());
  } catch {
    const seed = create();
    try {
      writeFileSync(file, seed, { mode: 0o600, flag: 'wx' });
    } catch (cause) {
      throw new HairspringError('HS_DATA_DIR', `Cannot write the node's key to ${file}`, { cause });
    }
    return seed;
  }
}
