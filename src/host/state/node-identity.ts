import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCurve, createServer, fromCurveSeed, fromSeed } from '@nats-io/nkeys';
import { HairspringError } from '../../core/index.ts';

export interface NodeIdentity {
  /** Public server nkey, `N…`: the node id of Nex's protocol. */
  readonly nodeId: string;
  /** Public curve key, `X…`, to which deployers may seal. */
  readonly xkey: string;
}

/** The node's keys, made at its first start and kept in the data folder, readable by its owner alone. */
export function loadNodeIdentity(dataDir: string): NodeIdentity {
  const node = fromSeed(loadSeed(join(dataDir, 'node.seed'), () => createServer().getSeed()));
  const curve = fromCurveSeed(loadSeed(join(dataDir, 'node.xseed'), () => createCurve().getSeed()));
  return { nodeId: node.getPublicKey(), xkey: curve.getPublicKey() };
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
