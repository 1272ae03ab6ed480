import type {
  DeletedSecret,
  NodeSecretList,
  SecretBackend,
  SecretKey,
  StoredSecret,
} from '../control/index.ts';
import { HairspringError, type SealedSecret, secretKeyStatement, secretsOf } from '../core/index.ts';
import type { CellSupervisor } from './cells/index.ts';
import { type Deployments, KeyLock } from './deployments/index.ts';
import type { SecretShelf } from './secrets/index.ts';
import type { NodeKeys } from './state/node-identity.ts';

export interface NodeSecretsOptions {
  readonly keys: NodeKeys;
  readonly shelf: SecretShelf;
  readonly cells: CellSupervisor;
  readonly deployments: Deployments;
}

/** What the control plane may do with the secrets of this node: everything but read them. */
export class NodeSecrets implements SecretBackend {
  readonly #options: NodeSecretsOptions;
  readonly #lock = new KeyLock();

  constructor(options: NodeSecretsOptions) {
    this.#options = options;
  }

  get #nodeId(): string {
    return this.#options.keys.identity.nodeId;
  }

  key(namespace: string): SecretKey {
    const { keys, shelf } = this.#options;
    const xkey = shelf.publicKeyOf(namespace);
    const signature = keys.sign(secretKeyStatement(this.#nodeId, namespace, xkey));
    return { node_id: this.#nodeId, namespace, xkey, signature: Buffer.from(signature).toString('base64') };
  }

  async set(namespace: string, secret: SealedSecret): Promise<StoredSecret> {
    return await this.#lock.run(`${namespace}.${secret.name}`, () => this.#set(namespace, secret));
  }

  async #set(namespace: string, secret: SealedSecret): Promise<StoredSecret> {
    const { shelf, cells, deployments } = this.#options;
    const { name, id, recipient } = secret;
    if (recipient !== shelf.publicKeyOf(namespace))
      throw new HairspringError(
        'HS_SECRET_RECIPIENT',
        `Cannot set secret "${name}": it is not sealed to the key of namespace "${namespace}" on node ${this.#nodeId}`,
      );
    const opened = await cells.openSecret(namespace, secret);
    await shelf.put(namespace, secret);
    const { functions, failures } = await deployments.refreshSecret(namespace, name);
    return { node_id: this.#nodeId, name, id, opened: opened || functions.length > 0, functions, failures };
  }

  async list(namespace: string): Promise<NodeSecretList> {
    const { shelf, deployments } = this.#options;
    const secrets = shelf.all(namespace);
    const definitions = secrets.length === 0 ? [] : await deployments.storedIn(namespace);
    return {
      node_id: this.#nodeId,
      secrets: secrets.map(({ name, id, setAt, notAfter }) => ({
        name,
        id,
        set_at: setAt,
        ...(notAfter === undefined ? {} : { not_after: notAfter }),
        functions: definitions
          .filter((definition) => secretsOf(definition).includes(name))
          .map((definition) => definition.name)
          .sort(),
      })),
    };
  }

  async delete(namespace: string, name: string): Promise<DeletedSecret> {
    return await this.#lock.run(`${namespace}.${name}`, async () => {
      const { shelf, deployments } = this.#options;
      const missing = new HairspringError(
        'HS_SECRET_MISSING',
        `Cannot delete secret "${name}": namespace "${namespace}" has none of that name`,
        { hint: 'See `hairspring secret list`' },
      );
      // Before anything is read: whoever makes up names is to cost little.
      if (shelf.get(namespace, name) === undefined) throw missing;
      // Every node that has it looks at what is stored for all of them, so that all say the same.
      const users = (await deployments.storedIn(namespace)).filter((one) => secretsOf(one).includes(name));
      if (users.length > 0)
        throw new HairspringError(
          'HS_SECRET_IN_USE',
          `Cannot delete secret "${name}": ${users.map((one) => one.name).join(', ')} of namespace "${namespace}" needs it`,
        );
      if (await shelf.remove(namespace, name)) return { node_id: this.#nodeId, name };
      throw missing;
    });
  }
}
