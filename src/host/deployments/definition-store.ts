import { type JsMsg, jetstreamManager } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { natsFailure } from '../../control/index.ts';
import { type FunctionDefinition, HairspringError, type Logger } from '../../core/index.ts';
import { isPut } from '../../hostservices/provision.ts';
import { readLastMessages } from '../state/last-messages.ts';
import { parseDefinition } from './definition-schema.ts';

export const DEFINITION_BUCKET = 'hairspring-functions';
const STREAM = `KV_${DEFINITION_BUCKET}`;
const DIGESTS = /\b[0-9a-f]{64}\b/g;
const SUBJECT_PREFIX = `$KV.${DEFINITION_BUCKET}.`;

export interface StoredDefinition {
  readonly definition: FunctionDefinition;
  readonly revision: number;
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

  /** All that are stored, in one pass. What cannot be read is logged and left alone. */
  async all(logger: Logger): Promise<readonly StoredDefinition[]> {
    return await this.#read('>', logger);
  }

  /** Those of one namespace; nothing of another is read. */
  async allOf(namespace: string, logger: Logger): Promise<readonly StoredDefinition[]> {
    return await this.#read(`${namespace}.>`, logger);
  }

  /** All digests that stand in what is stored, also where a node of another version has stored it. */
  async digests(): Promise<ReadonlySet<string>> {
    const messages = await this.#messages('>');
    return new Set(messages.flatMap(({ data }) => new TextDecoder().decode(data).match(DIGESTS) ?? []));
  }

  async #read(keys: string, logger: Logger): Promise<readonly StoredDefinition[]> {
    return (await this.#messages(keys)).flatMap((message) => {
      const definition = parseDefinition(message.data);
      if (definition !== undefined) return [{ definition, revision: message.seq }];
      logger.error('A stored function cannot be read and is left out', {
        key: message.subject.slice(SUBJECT_PREFIX.length),
      });
      return [];
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
    const definition = parseDefinition(entry.value);
    return definition === undefined ? undefined : { definition, revision: entry.revision };
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
