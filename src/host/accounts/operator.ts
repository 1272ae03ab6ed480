import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { HairspringError } from '../../core/index.ts';
import { createSigningKey, deriveSigningKey, parseSigningKey, type SigningKey } from './signing-key.ts';

/** The keys of a NATS operator of ours and of its accounts. All derive from one seed, so that one file is the secret. */
export interface Operator {
  readonly key: SigningKey;
  /** The account that the server keeps its own subjects in. */
  readonly system: SigningKey;
  /** The account of the nodes: functions, artifacts, the control plane. */
  readonly node: SigningKey;
  namespace(name: string): SigningKey;
}

export function createOperator(seed: string): Operator {
  const key = parseSigningKey('operator', seed);
  return {
    key,
    system: deriveSigningKey('account', key, 'system'),
    node: deriveSigningKey('account', key, 'node'),
    namespace: (name) => deriveSigningKey('account', key, `namespace ${name}`),
  };
}

/**
 * The operator whose seed is in `file`, which is made at first, readable by its owner alone. Whoever loses it loses
 * the accounts, and with them what JetStream keeps for them.
 * @throws HS_DATA_DIR
 */
export function loadOperator(file: string): Operator {
  try {
    return createOperator(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw unusable(file, error);
  }
  const { seed } = createSigningKey('operator');
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, seed, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw unusable(file, error);
  }
  return createOperator(seed);
}

function unusable(file: string, cause: unknown): HairspringError {
  const { message } = HairspringError.from(cause);
  return new HairspringError('HS_DATA_DIR', `Cannot use the operator's key in "${file}": ${message}`, {
    cause,
  });
}
