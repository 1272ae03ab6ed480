import { jetstreamManager } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { natsFailure } from '../../control/index.ts';
import {
  type FunctionSpec,
  HairspringError,
  type Logger,
  NODE_BUCKETS,
  type SealedSecret,
  secretsOf,
} from '../../core/index.ts';
import { isPut } from '../../hostservices/provision.ts';
import { readLastMessages } from '../state/last-messages.ts';
import type { NodeKeys } from '../state/node-identity.ts';
import { parseSealedSecret } from './parse-sealed-secret.ts';
import { type SecretAmount, SecretRoom } from './secret-room.ts';

const BUCKET = NODE_BUCKETS.secrets;
const STREAM = `KV_${BUCKET}`;
const SUBJECT_PREFIX = `$KV.${BUCKET}.`;

/** What cells need for the secrets of their functions. */
export interface SecretSource {
  /** The curve seed that opens the secrets of one namespace on this node. */
  seedOf(namespace: string): string;
  /** The sealed secrets that the functions are bound to and that are set. */
  sealedFor(specs: readonly FunctionSpec[]): readonly SealedSecret[];
}

/**
 * The secrets that are sealed to this node, in JetStream KV under `<namespace>.<name>.<node id>` and in memory.
 * Nobody else writes those keys. This process never opens one.
 */
export class SecretShelf implements SecretSource {
  readonly #nc: NatsConnection;
  readonly #kv: KV;
  readonly #keys: NodeKeys;
  /** By namespace, then by name. */
  readonly #secrets = new Map<string, Map<string, SealedSecret>>();
  readonly #room = new SecretRoom();

  private constructor(nc: NatsConnection, kv: KV, keys: NodeKeys) {
    this.#nc = nc;
    this.#kv = kv;
    this.#keys = keys;
  }

  static async open(nc: NatsConnection, keys: NodeKeys, logger: Logger): Promise<SecretShelf> {
    try {
      const options = { history: 1, description: 'Secrets of functions on Hairspring, sealed' };
      const shelf = new SecretShelf(nc, await new Kvm(nc).create(BUCKET, options), keys);
      await shelf.#load(logger);
      return shelf;
    } catch (error) {
      throw natsFailure(error, `Cannot open bucket ${BUCKET}`);
    }
  }

  async #load(logger: Logger): Promise<void> {
    const manager = await jetstreamManager(this.#nc, { checkAPI: false });
    const filterSubject = `${SUBJECT_PREFIX}*.*.${this.#keys.identity.nodeId}`;
    for (const message of (await readLastMessages(manager, STREAM, { filterSubject })).filter(isPut)) {
      const [namespace = '', name] = message.subject.slice(SUBJECT_PREFIX.length).split('.');
      const secret = parseSealedSecret(message.data);
      if (secret !== undefined && secret.name === name) this.#hold(namespace, secret);
      else logger.error('A stored secret cannot be read and is left out', { namespace, name });
    }
  }

  #hold(namespace: string, secret: SealedSecret): void {
    const own = this.#secrets.get(namespace) ?? new Map<string, SealedSecret>();
    this.#room.add(namespace, growth(own.get(secret.name), secret));
    this.#secrets.set(namespace, own.set(secret.name, secret));
  }

  seedOf(namespace: string): string {
    return this.#keys.secretKeyOf(namespace).seed;
  }

  /** Public curve key (`X…`) to which secrets of the namespace are sealed for this node. */
  publicKeyOf(namespace: string): string {
    return this.#keys.secretKeyOf(namespace).publicKey;
  }

  sealedFor(specs: readonly FunctionSpec[]): readonly SealedSecret[] {
    const found = specs.flatMap((spec) =>
      secretsOf(spec).flatMap((name) => this.get(spec.namespace, name) ?? []),
    );
    return [...new Set(found)];
  }

  get(namespace: string, name: string): SealedSecret | undefined {
    return this.#secrets.get(namespace)?.get(name);
  }

  all(namespace: string): readonly SealedSecret[] {
    return [...(this.#secrets.get(namespace)?.values() ?? [])];
  }

  /** @throws HS_SECRET_MISSING naming the first secret of the function that is not set here */
  checkSet(spec: FunctionSpec): void {
    const missing = secretsOf(spec).find((name) => this.get(spec.namespace, name) === undefined);
    if (missing === undefined) return;
    throw new HairspringError(
      'HS_SECRET_MISSING',
      `Cannot serve "${spec.name}": secret "${missing}" of namespace "${spec.namespace}" is not set on node ${this.#keys.identity.nodeId}`,
      { hint: `Set it with \`hairspring secret set ${missing} --namespace ${spec.namespace}\`` },
    );
  }

  /** Stores a secret in the place of its earlier value. @throws HS_SECRET_INVALID when there are too many */
  async put(namespace: string, secret: SealedSecret): Promise<void> {
    const { secrets, chars } = growth(this.get(namespace, secret.name), secret);
    // Before it is written, so that those that are written at the same time do not pass a limit together.
    const release = this.#room.reserve(namespace, secret.name, { secrets, chars: Math.max(chars, 0) });
    try {
      await this.#kv.put(this.#key(namespace, secret.name), JSON.stringify(secret));
      this.#hold(namespace, secret);
    } catch (error) {
      throw natsFailure(error, `Cannot store secret "${secret.name}"`);
    } finally {
      release();
    }
  }

  /** Leaves nothing of it behind, not even a delete marker. @returns whether it was there */
  async remove(namespace: string, name: string): Promise<boolean> {
    const own = this.#secrets.get(namespace);
    const secret = own?.get(name);
    if (own === undefined || secret === undefined) return false;
    try {
      const manager = await jetstreamManager(this.#nc, { checkAPI: false });
      await manager.streams.purge(STREAM, { filter: `${SUBJECT_PREFIX}${this.#key(namespace, name)}` });
    } catch (error) {
      throw natsFailure(error, `Cannot delete secret "${name}"`);
    }
    own.delete(name);
    this.#room.add(namespace, { secrets: -1, chars: -secret.sealed.length });
    if (own.size === 0) this.#secrets.delete(namespace);
    return true;
  }

  #key(namespace: string, name: string): string {
    return `${namespace}.${name}.${this.#keys.identity.nodeId}`;
  }
}

function growth(earlier: SealedSecret | undefined, { sealed }: SealedSecret): SecretAmount {
  return { secrets: earlier === undefined ? 1 : 0, chars: sealed.length - (earlier?.sealed.length ?? 0) };
}
