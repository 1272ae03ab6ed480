import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '../../control/index.ts';
import { type Clock, HairspringError, type Logger, type NatsEndpoint } from '../../core/index.ts';
import type { Accounts, NamespaceAccess } from './accounts.ts';
import { Minter } from './minter.ts';
import type { Operator } from './operator.ts';
import { dropEarlierKeys, Registration } from './registration.ts';
import { ownerEndpoint } from './user.ts';

/** What is given out is revoked when it has served, so that it may be good for long. */
const LIFETIME_MS = 24 * 3_600_000;

export interface OperatorAccountsOptions {
  readonly operator: Operator;
  /** The server's addresses. */
  readonly endpoint: NatsEndpoint;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An account for each namespace, made when it is first needed, on a server whose operator is ours. */
export class OperatorAccounts implements Accounts {
  readonly way = 'own';
  readonly #options: OperatorAccountsOptions;
  readonly #system: NatsConnection;
  readonly #opened = new Map<string, Promise<OpenNamespace>>();

  private constructor(options: OperatorAccountsOptions, system: NatsConnection) {
    this.#options = options;
    this.#system = system;
  }

  /** @throws HS_NATS_UNREACHABLE, HS_NATS_REFUSED */
  static async connect(options: OperatorAccountsOptions): Promise<OperatorAccounts> {
    const endpoint = ownerEndpoint(options.operator.system, options.endpoint, 'node');
    const system = await connectNats(endpoint, { name: 'hairspring accounts', outlastsRefusal: true });
    try {
      await dropEarlierKeys(system, options.operator);
    } catch (error) {
      await system.close();
      throw HairspringError.from(error);
    }
    return new OperatorAccounts(options, system);
  }

  async open(namespace: string): Promise<NamespaceAccess> {
    const known = this.#opened.get(namespace);
    if (known !== undefined) return (await known).access;
    const opening = this.#open(namespace);
    this.#opened.set(namespace, opening);
    opening.catch(() => this.#opened.delete(namespace));
    return (await opening).access;
  }

  async #open(namespace: string): Promise<OpenNamespace> {
    const { operator, endpoint, clock, logger } = this.#options;
    const account = operator.namespace(namespace);
    const registration = new Registration(this.#system, operator, namespace, clock, logger);
    await registration.push();
    const own = ownerEndpoint(account, endpoint, 'node');
    const nc = await connectNats(own, { name: `hairspring node ${namespace}`, outlastsRefusal: true });
    const minter = new Minter({
      namespace,
      account: account.publicKey,
      takeSigner: () => registration.takeSigner(),
      endpoint,
      clock,
      lifetimeMs: LIFETIME_MS,
    });
    const access: NamespaceAccess = {
      nc,
      renewMs: minter.renewMs,
      forCell: (cellId) => minter.forCell(cellId),
      withdraw: (functionId) => minter.withdraw(functionId),
      developerEndpoint: () => ownerEndpoint(account, endpoint, 'developer'),
      createToolCredentials: () => ownerEndpoint(account, endpoint, 'developer').creds,
    };
    return { access, registration };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Together: without a server each takes as long as it waits for that.
    await Promise.allSettled(
      [...this.#opened.values()].map(async (opening) => {
        const { registration, access } = await opening;
        await registration.settled();
        await access.nc.close();
      }),
    );
    await this.#system.close();
  }
}

interface OpenNamespace {
  readonly access: NamespaceAccess;
  readonly registration: Registration;
}
