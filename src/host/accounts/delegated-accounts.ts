import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '../../control/index.ts';
import { type Clock, HairspringError, type Logger, type NatsEndpoint } from '../../core/index.ts';
import type { Accounts, NamespaceAccess } from './accounts.ts';
import type { AccountsFile, Delegation } from './accounts-file.ts';
import { accountOf } from './credentials-text.ts';
import { connectSigned, createSignedAccess, type SignedDelegation } from './signed-access.ts';

/** Nothing of what is given out can be revoked without the operator's key, so it is good for little. */
const LIFETIME_MS = 3_600_000;

export interface DelegatedAccountsOptions {
  readonly file: AccountsFile;
  /** Where the node has connected, and as whom; only the first is used for namespaces. */
  readonly endpoint: NatsEndpoint;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long users of cells and functions are good for. @default 1 h */
  readonly lifetimeMs?: number | undefined;
}

/** The accounts that somebody else's server has for the namespaces of a file, and the ways into them. */
export class DelegatedAccounts implements Accounts {
  readonly way = 'delegated';
  readonly #options: DelegatedAccountsOptions;
  readonly #where: NatsEndpoint;
  readonly #opened = new Map<string, Promise<NamespaceAccess>>();

  /** @throws HS_ACCOUNTS_INVALID when a namespace would be in the account of the node */
  constructor(options: DelegatedAccountsOptions) {
    this.#options = options;
    const { endpoint, file, logger } = options;
    const { servers, tlsCa, tlsCert, tlsKey } = endpoint;
    this.#where = {
      servers,
      ...(tlsCa === undefined ? {} : { tlsCa }),
      ...(tlsCert === undefined ? {} : { tlsCert }),
      ...(tlsKey === undefined ? {} : { tlsKey }),
    };
    const own = accountOf(endpoint.creds ?? '');
    const sharing: string[] = [];
    for (const [namespace, { kind, account }] of file.namespaces) {
      if (account === own) throw inAccountOfNode(file, namespace, account);
      if (kind === 'creds') sharing.push(namespace);
    }
    for (const warning of file.warnings) logger.warn(warning, { accounts: file.path });
    if (sharing.length > 0)
      logger.warn('All functions of a namespace share one NATS user: the bridge alone holds them back', {
        namespaces: sharing.join(', '),
        accounts: file.path,
      });
  }

  async open(namespace: string): Promise<NamespaceAccess> {
    const known = this.#opened.get(namespace);
    if (known !== undefined) return await known;
    const opening = this.#open(namespace);
    this.#opened.set(namespace, opening);
    opening.catch(() => this.#opened.delete(namespace));
    return await opening;
  }

  async #open(namespace: string): Promise<NamespaceAccess> {
    const { file } = this.#options;
    const delegation = file.namespaces.get(namespace);
    if (delegation === undefined) throw unknown(file, namespace);
    const access = await this.#enter(namespace, delegation);
    access.nc
      .closed()
      .then((error) => this.#forget(namespace, error))
      .catch(() => undefined);
    return access;
  }

  async #enter(namespace: string, delegation: Delegation): Promise<NamespaceAccess> {
    const { clock, lifetimeMs = LIFETIME_MS } = this.#options;
    if (delegation.kind === 'creds') return await this.#enterAs(namespace, delegation);
    const nc = await connectSigned(namespace, delegation, this.#where);
    return createSignedAccess({ namespace, delegation, where: this.#where, nc, clock, lifetimeMs });
  }

  async #enterAs(
    namespace: string,
    { creds, file }: Exclude<Delegation, SignedDelegation>,
  ): Promise<NamespaceAccess> {
    const endpoint = { ...this.#where, creds };
    let nc: NatsConnection;
    try {
      nc = await connectNats(endpoint, { name: `hairspring node ${namespace}` });
    } catch (error) {
      if (!HairspringError.is(error) || error.code !== 'HS_NATS_REFUSED') throw error;
      const message = `Cannot open namespace "${namespace}": the server refused the credentials in "${file}"`;
      const hint =
        'They may have expired or be revoked; write new ones there with `nsc generate creds`, and start the node again';
      throw new HairspringError('HS_NATS_REFUSED', message, { hint, cause: error });
    }
    return {
      nc,
      renewMs: undefined,
      createCellUser: () => ({ endpoint, withdraw: () => undefined }),
      credentialFor: () => undefined,
      withdraw: () => undefined,
      developerEndpoint: () => endpoint,
      createToolCredentials: () => null,
    };
  }

  /** The next who needs the namespace tries again, and hears why it cannot be had. */
  #forget(namespace: string, error: unknown): void {
    if (!this.#opened.delete(namespace)) return;
    const { message } = HairspringError.from(error ?? 'closed');
    this.#options.logger.error('The server lets the node no longer into the account of a namespace', {
      namespace,
      error: message,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await Promise.allSettled(this.#opened.values());
    this.#opened.clear();
    for (const result of opened) if (result.status === 'fulfilled') await result.value.nc.close();
  }
}

function unknown({ path, namespaces }: AccountsFile, namespace: string): HairspringError {
  const message = `Cannot open namespace "${namespace}": "${path}" has no account for it`;
  const known = [...namespaces.keys()].map((name) => `"${name}"`).join(', ');
  const hint = `Add it to that file and start the node again; ${known === '' ? 'none is' : `${known} are`} there`;
  return new HairspringError('HS_NAMESPACE_UNKNOWN', message, { hint });
}

function inAccountOfNode({ path }: AccountsFile, namespace: string, account: string): HairspringError {
  const message = `Cannot use "${path}": namespace "${namespace}" is in the account of the node itself, ${account}`;
  const hint =
    'Give the namespace an account of its own, or leave out --accounts: then all namespaces share the account of the node';
  return new HairspringError('HS_ACCOUNTS_INVALID', message, { hint });
}
