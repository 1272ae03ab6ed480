import { type JsMsg, jetstreamManager } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { natsFailure } from '../../control/index.ts';
import { type FunctionDefinition, HairspringError } from '../../core/index.ts';
import { isPut } from '../../hostservices/provision.ts';
import { readLastMessages } from '../state/last-messages.ts';
import { parseDefinition } from './definition-schema.ts';
import { unknownDefinition } from './unknown-definition.ts';

export const DEFINITION_BUCKET = 'hairspring-functions';
const STREAM = `KV_${DEFINITION_BUCKET}`;
const DIGESTS = /\b[0-9a-f]{64}\b/g;
const SUBJECT_PREFIX = `$KV.${DEFINITION_BUCKET}.`;

export interface StoredDefinition {
  readonly definition: FunctionDefinition;
  readonly revision: number;
  /** Why the definition is not what is stored; absent when it is. */
  readonly problem?: string;
}

/** Definitions of deployed functions, in JetStream KV under `<namespace>.<name>`. */
export class DefinitionStore {
  readonly #nc: NatsConnection;
  readonly #kv: KV;

  private constructor(nc: NatsConnection, kv: KV) {
    this.#nc = nc;
    this.#kv = kv;
  }

  static async open(nc: NatsConnection): Promise<DefinitionStore> {
    try {
      return new DefinitionStore(
        nc,
        await new Kvm(nc).create(DEFINITION_BUCKET, {
          history: 1,
          description: 'Functions deployed on Hairspring',
        }),
      );
    } catch (error) {
      throw natsFailure(error, `Cannot open bucket ${DEFINITION_BUCKET}`);
    }
  }

  /** All that are stored, in one pass. */
  async all(): Promise<readonly StoredDefinition[]> {
    return await this.#read('>');
  }

  /** Those of one namespace; nothing of another is read. */
  async allOf(namespace: string): Promise<readonly StoredDefinition[]> {
    return await this.#read(`${namespace}.>`);
  }

  /** All digests that stand in what is stored, also where a node of another version has stored it. */
  async digests(): Promise<ReadonlySet<string>> {
    const messages = await this.#messages('>');
    return new Set(messages.flatMap(({ data }) => new TextDecoder().decode(data).match(DIGESTS) ?? []));
  }

  async #read(keys: string): Promise<readonly StoredDefinition[]> {
    return (await this.#messages(keys)).map(({ subject, data, seq }) => {
      const [namespace = '', name = ''] = subject.slice(SUBJECT_PREFIX.length).split('.');
      return toStored(namespace, name, data, seq);
    });
  }

  async #messages(keys: string): Promise<readonly JsMsg[]> {
    const filterSubject = `${SUBJECT_PREFIX}${keys}`;
    try {
      const manager = await jetstreamManager(this.#nc, { checkAPI: false });
      return (await readLastMessages(manager, STREAM, { filterSubject })).filter(isPut);
    } catch (error) {
      throw natsFailure(error, 'Cannot read the deployed functions');
    }
  }

  async get(namespace: string, name: string): Promise<StoredDefinition | undefined> {
    const entry = await this.#kv.get(`${namespace}.${name}`);
    if (entry === null || entry.operation !== 'PUT') return undefined;
    return toStored(namespace, name, entry.value, entry.revision);
  }

  /**
   * Stores a definition in the place of the one at `revision` (0: of none).
   * @returns its revision
   * @throws HS_DEPLOY_CONFLICT when another one is there
   */
  async put(definition: FunctionDefinition, revision: number): Promise<number> {
    const key = `${definition.namespace}.${definition.name}`;
    const value = JSON.stringify(definition);
    try {
      return revision === 0 ? await this.#kv.create(key, value) : await this.#kv.update(key, value, revision);
    } catch (error) {
      if (error instanceof Error && /wrong last sequence/i.test(error.message)) {
        throw new HairspringError(
          'HS_DEPLOY_CONFLICT',
          `Cannot deploy "${definition.name}": somebody else deployed it at the same time`,
          { cause: error },
        );
      }
      throw natsFailure(error, `Cannot store function "${definition.name}"`);
    }
  }

  /** Removes a definition without leaving a delete marker behind. */
  async remove(namespace: string, name: string): Promise<void> {
    try {
      const manager = await jetstreamManager(this.#nc, { checkAPI: false });
      await manager.streams.purge(STREAM, { filter: `${SUBJECT_PREFIX}${namespace}.${name}` });
    } catch (error) {
      throw natsFailure(error, `Cannot remove function "${name}"`);
    }
  }
}

function toStored(namespace: string, name: string, bytes: Uint8Array, revision: number): StoredDefinition {
  const definition = parseDefinition(bytes);
  if (definition !== undefined) return { definition, revision };
  const problem =
    'It is stored in a form that this node does not know; another version of Hairspring has stored it';
  return { definition: unknownDefinition(namespace, name, bytes), revision, problem };
}
