/** Users of a namespace as the host mints them, in the hands of somebody with a plain NATS client. */
import assert from 'node:assert/strict';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '../../src/control/index.ts';
import { type Binding, type NatsEndpoint, systemClock } from '../../src/core/index.ts';
import { credentialsText, userToken } from '../../src/host/accounts/claims.ts';
import { Minter } from '../../src/host/accounts/minter.ts';
import { lastingSigner } from '../../src/host/accounts/signer.ts';
import { createSigningKey } from '../../src/host/accounts/signing-key.ts';
import type { TestHost } from './host.ts';
import { createSpec } from './spec.ts';

export interface NamespaceUsers {
  /** Of a function with these bindings. */
  asFunction(bindings: Readonly<Record<string, Binding>>): Promise<NatsConnection>;
  asCell(): Promise<NatsConnection>;
  /** Of somebody outside who may publish to these subjects, and hear their own inbox. */
  asCaller(publish: readonly string[]): Promise<NatsConnection>;
  /** Of those who own the namespace. */
  asOwner(): Promise<NatsConnection>;
}

let made = 0;

/** Signed by the key of the account itself: that of the host's process is nowhere but there. */
export async function usersOf(
  { host, nats, operator }: TestHost,
  namespace: string,
  stack: AsyncDisposableStack,
): Promise<NamespaceUsers> {
  assert.ok(operator !== undefined);
  const owner = await host.namespaceEndpoint(namespace);
  const account = operator.namespace(namespace);
  const minter = new Minter({
    namespace,
    account: account.publicKey,
    takeSigner: () => lastingSigner(account),
    endpoint: { servers: [nats.url] },
    clock: systemClock,
    lifetimeMs: 3_600_000,
  });
  const connect = async (endpoint: NatsEndpoint): Promise<NatsConnection> => {
    const nc = await connectNats(endpoint, { name: 'by hand', reconnect: false });
    stack.defer(() => nc.close());
    return nc;
  };
  return {
    asFunction(bindings) {
      made += 1;
      const credential = minter
        .forCell('byhand')
        .credentialFor({ ...createSpec(), id: `byhand${made}`, namespace, bindings }, 'version');
      assert.ok(credential !== undefined);
      const { creds, inboxPrefix } = credential;
      return connect({ servers: [nats.url], creds, inboxPrefix });
    },
    async asCell() {
      made += 1;
      return connect(await minter.forCell(`byhand${made}`).connectAs());
    },
    asCaller(publish) {
      const user = createSigningKey('user');
      const token = userToken(account, {
        name: 'caller',
        publicKey: user.publicKey,
        account: account.publicKey,
        permissions: { publish, subscribe: ['_INBOX.>'] },
      });
      return connect({ servers: [nats.url], creds: credentialsText(token, user.seed) });
    },
    asOwner: () => connect(owner),
  };
}

/** What the server has said no to, by subject, once it has handled all that was sent. */
export async function refusalsOf(nc: NatsConnection, send: () => void): Promise<readonly string[]> {
  const heard: string[] = [];
  void (async () => {
    for await (const event of nc.status()) if (event.type === 'error') heard.push(event.error.message);
  })();
  send();
  await nc.flush();
  await nc.flush();
  return heard;
}
