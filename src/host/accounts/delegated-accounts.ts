import type { NatsConnection } from '@nats-io/transport-node';
import { type Clock, HairspringError, type Logger, type NatsEndpoint } from '../../core/index.ts';
import type { Accounts, NamespaceAccess } from './accounts.ts';
import type { AccountsFile, Delegation } from './accounts-file.ts';
import { accountOf } from './credentials-text.ts';
import { connectShared, createSharedAccess } from './shared-access.ts';
import { connectSigned, createSignedAccess } from './signed-access.ts';

/** Nothing of what is given out can be revoked without the operator's key, so it is good for little. */
const LIFETIME_MS = 3_600_000;
/** How often a node asks again that was let in before. */
const RETRY_MS = 5_000;

export interface DelegatedAccountsOptions {
  readonly file: AccountsFile;
  /** Where the node has connected, and as whom; only the first is used for namespaces. */
  readonly endpoint: NatsEndpoint;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long users of cells and functions are good for. @default 1 h */
  readonly lifetimeMs?: number | undefined;
}

interface Entered {
  readonly access: NamespaceAccess;
  /** The latest. */
  nc: NatsConnection;
}

/** The accounts that somebody else's server has for the namespaces of a file, and the ways into them. */
export class DelegatedAccounts implements Accounts {
  readonly way = 'delegated';
  readonly #options: DelegatedAccountsOptions;
  readonly #where: NatsEndpoint;
  readonly #opened = new Map<string, Promise<NamespaceAccess>>();
  readonly #entered = new Map<string, Entered>();
  readonly #retries = new Set<() => void>();

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
    const nc =
      delegation.kind === 'creds'
        ? await connectShared(namespace, delegation, this.#where)
        : await connectSigned(namespace, delegation, this.#where);
    nc.closed()
      .then((error) => this.#onClosed(namespace, error))
      .catch(() => undefined);
    const entered = this.#entered.get(namespace) ?? this.#createAccess(namespace, delegation, nc);
    entered.nc = nc;
    return entered.access;
  }

  #createAccess(namespace: string, delegation: Delegation, nc: NatsConnection): Entered {
    const { clock, lifetimeMs = LIFETIME_MS } = this.#options;
    const where = this.#where;
    const connection = (): NatsConnection => entered.nc;
    const access =
      delegation.kind === 'creds'
        ? createSharedAccess({ ...where, creds: delegation.creds }, connection)
        : createSignedAccess({ namespace, delegation, where, connection, clock, lifetimeMs });
    const entered: Entered = { nc, access };
    this.#entered.set(namespace, entered);
    return entered;
  }

  /** The server lets the node no longer in: it tries on, and whoever needs the account meanwhile hears why. */
  #onClosed(namespace: string, error: unknown): void {
    if (!this.#opened.delete(namespace)) return;
    const { clock, logger } = this.#options;
    const { message } = HairspringError.from(error ?? 'closed');
    logger.error('The server lets the node no longer into the account of a namespace', {
      namespace,
      error: message,
    });
    const stop = clock.every(RETRY_MS, () => {
      this.open(namespace).then(
        () => {
          if (!this.#retries.delete(stop)) return;
          stop();
          logger.info('The server lets the node into the account of a namespace again', { namespace });
        },
        () => undefined,
      );
    });
    this.#retries.add(stop);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stop of this.#retries) stop();
    this.#retries.clear();
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
