/** A nats-server with an operator that is not the node's: whoever joins it has keys and credentials of accounts only. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '../../src/control/index.ts';
import type { NatsEndpoint } from '../../src/core/index.ts';
import { accountToken } from '../../src/host/accounts/claims.ts';
import { loadOperator, ownerEndpoint, writeServerConfig } from '../../src/host/accounts/index.ts';
import { namespaceClaims } from '../../src/host/accounts/namespace-claims.ts';
import { createSigningKey, type SigningKey } from '../../src/host/accounts/signing-key.ts';
import { startTestNats, type TestNats } from './nats.ts';

export interface ForeignAccount {
  readonly key: SigningKey;
  /** One of its signing keys. */
  readonly signer: SigningKey;
  /** One of its signing keys that is bound to a role. */
  readonly scoped: SigningKey;
  /** How a user connects who may do everything in it. */
  readonly owner: NatsEndpoint & { readonly creds: string };
}

export interface ForeignNats extends AsyncDisposable {
  readonly nats: TestNats;
  /** How the node itself connects. */
  readonly node: NatsEndpoint & { readonly creds: string };
  /** Holds what `file` writes. */
  readonly folder: string;
  /** Makes an account that imports what a namespace needs of the node. */
  addAccount(namespace: string): Promise<ForeignAccount>;
  /** Makes the server refuse the tokens of all its users that were made until now; `readmitUsers` takes that back. */
  revokeUsers(namespace: string, account: ForeignAccount): Promise<void>;
  readmitUsers(namespace: string, account: ForeignAccount): Promise<void>;
  /** Writes a file, readable by its owner alone. @returns its path */
  file(name: string, text: string): Promise<string>;
}

export async function startForeignNats(): Promise<ForeignNats> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'hairspring-foreign-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const operator = loadOperator(join(folder, 'operator', 'operator.seed'));
  const config = writeServerConfig({
    dir: join(folder, 'operator'),
    operator,
    anonymousNamespace: undefined,
  });
  const nats = stack.use(await startTestNats({ extraArguments: ['--config', config] }));
  const where = { servers: [nats.url] };
  const system = await connectNats(ownerEndpoint(operator.system, where, 'admin'), { name: 'admin' });
  stack.defer(() => system.close());
  const push = async (
    namespace: string,
    { key, signer, scoped }: Omit<ForeignAccount, 'owner'>,
    revocations: Readonly<Record<string, number>> = {},
  ): Promise<void> => {
    const token = accountToken(operator.key, {
      ...namespaceClaims(operator, namespace),
      publicKey: key.publicKey,
      signingKeys: [signer.publicKey, scoped.publicKey],
      revocations,
    });
    await update(system, withScope(token, scoped, operator.key));
  };
  const owned = stack.move();
  return {
    nats,
    node: ownerEndpoint(operator.node, where, 'node'),
    folder,
    async addAccount(namespace) {
      const [key, signer, scoped] = [0, 1, 2].map(() => createSigningKey('account'));
      if (key === undefined || signer === undefined || scoped === undefined) throw new Error('no keys');
      await push(namespace, { key, signer, scoped });
      return { key, signer, scoped, owner: ownerEndpoint(key, where, 'owner') };
    },
    revokeUsers: (namespace, account) =>
      push(namespace, account, { '*': Math.floor(Date.now() / 1_000) + 1 }),
    readmitUsers: (namespace, account) => push(namespace, account),
    async file(name, text) {
      const path = join(folder, name);
      await writeFile(path, text, { mode: 0o600 });
      return path;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function update(system: NatsConnection, token: string): Promise<void> {
  const reply = await system.request('$SYS.REQ.CLAIMS.UPDATE', token, { timeout: 5_000 });
  const { error } = reply.json<{ error?: { description: string } }>();
  if (error !== undefined) throw new Error(error.description);
}

/** The token of an account with `scoped` bound to a role, as `nsc edit signing-key` does it. */
function withScope(token: string, scoped: SigningKey, operator: SigningKey): string {
  const [head = '', payload = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  claims.nats.signing_keys = claims.nats.signing_keys.map((key: string) =>
    key === scoped.publicKey
      ? {
          kind: 'user_scope',
          key,
          role: 'reader',
          template: { pub: {}, sub: {}, subs: -1, data: -1, payload: -1 },
        }
      : key,
  );
  const text = `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${text}.${Buffer.from(operator.sign(Buffer.from(text))).toString('base64url')}`;
}

/** The text of an accounts file with these namespaces. */
export function accountsText(namespaces: Readonly<Record<string, object>>): string {
  return JSON.stringify({ namespaces });
}

/** Accounts `red`, for which a node has a signing key in `red.seed`, and `blue`, with credentials in `blue.creds`. */
export async function addRedAndBlue(
  cluster: ForeignNats,
): Promise<{ readonly red: ForeignAccount; readonly blue: ForeignAccount }> {
  const red = await cluster.addAccount('red');
  const blue = await cluster.addAccount('blue');
  await cluster.file('red.seed', red.signer.seed);
  await cluster.file('blue.creds', blue.owner.creds);
  return { red, blue };
}
