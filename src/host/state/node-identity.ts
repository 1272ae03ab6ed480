import { hkdfSync, sign } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
  const nodeSeed = loadSeed(join(dataDir, 'node.seed'), () => createServer().getSeed(), isKeyOf(fromSeed));
  const curveSeed = loadSeed(
    join(dataDir, 'node.xseed'),
    () => createCurve().getSeed(),
    isKeyOf(fromCurveSeed),
  );
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

/** @throws HS_DATA_DIR when it cannot be read or written, or is no seed */
function loadSeed(file: string, create: () => Uint8Array, isSeed: (seed: Uint8Array) => boolean): Uint8Array {
  const seed = readSeed(file);
  if (seed === undefined) return writeSeed(file, create());
  if (isSeed(seed)) return seed;
  const hint =
    seed.length === 0
      ? 'It is empty, as a full disk leaves it: remove it, and the node makes another'
      : "It holds the node's identity: put it back from a backup, or begin with a new data folder by --data";
  throw new HairspringError('HS_DATA_DIR', `Cannot use the node's key in ${file}: it is no seed`, { hint });
}

function readSeed(file: string): Uint8Array | undefined {
  try {
    return new TextEncoder().encode(readFileSync(file, 'utf8').trim());
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new HairspringError('HS_DATA_DIR', `Cannot read the node's key in ${file}`, { cause });
  }
}

/** In one step, so that a start that is cut off leaves none rather than a part of one. */
function writeSeed(file: string, seed: Uint8Array): Uint8Array {
  const draft = `${file}.tmp`;
  try {
    writeFileSync(draft, seed, { mode: 0o600, flush: true });
    renameSync(draft, file);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw new HairspringError('HS_DATA_DIR', `Cannot write the node's key to ${file}`, { cause });
  }
  return seed;
}

function isKeyOf(read: (seed: Uint8Array) => unknown): (seed: Uint8Array) => boolean {
  return (seed) => {
    try {
      read(seed);
      return true;
    } catch {
      return false;
    }
  };
}
