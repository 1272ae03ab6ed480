import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HairspringError } from '../../core/index.ts';
import { accountToken, operatorToken } from './claims.ts';
import { NODE_EXPORTS, namespaceClaims } from './namespace-claims.ts';
import type { Operator } from './operator.ts';
import { createUser } from './user.ts';

export interface ServerConfigOptions {
  /** Holds the configuration and the accounts' tokens; made if missing, for its owner alone. */
  readonly dir: string;
  readonly operator: Operator;
  /** The namespace that clients without credentials find themselves in; undefined: they are refused. */
  readonly anonymousNamespace: string | undefined;
}

/**
 * Writes the configuration of a nats-server that has our operator: the accounts of the server and of the nodes, to
 * which the node adds one for each namespace while it runs.
 * @returns the path of the file
 * @throws HS_DATA_DIR
 */
export function writeServerConfig({ dir, operator, anonymousNamespace }: ServerConfigOptions): string {
  const { key, system, node } = operator;
  const accounts = [
    { name: 'system', publicKey: system.publicKey, jetStream: false },
    { name: 'hairspring', publicKey: node.publicKey, jetStream: true, exports: NODE_EXPORTS },
    ...(anonymousNamespace === undefined ? [] : [namespaceClaims(operator, anonymousNamespace)]),
  ];
  const preloaded = accounts
    .map((account) => `  ${account.publicKey}: ${accountToken(key, account)}\n`)
    .join('');
  const text = [
    `operator: ${operatorToken(key, system.publicKey)}`,
    `system_account: ${system.publicKey}`,
    `resolver: { type: full, dir: ${JSON.stringify(join(dir, 'accounts'))}, allow_delete: false, interval: "2m" }`,
    `resolver_preload: {\n${preloaded}}`,
    ...(anonymousNamespace === undefined
      ? []
      : [`default_sentinel: ${anonymousToken(operator, anonymousNamespace)}`]),
    '',
  ].join('\n');
  const file = join(dir, 'nats-server.conf');
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { mode: 0o600 });
  } catch (cause) {
    const { message } = HairspringError.from(cause);
    throw new HairspringError('HS_DATA_DIR', `Cannot write "${file}": ${message}`, { cause });
  }
  return file;
}

function anonymousToken(operator: Operator, namespace: string): string {
  const account = operator.namespace(namespace);
  const claims = { name: 'anonymous', account: account.publicKey, permissions: 'all', bearer: true } as const;
  return createUser(account, claims).token;
}
