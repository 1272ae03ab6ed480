import {
  type JetStreamManager,
  type JsMsg,
  jetstreamManager,
  type NextMsgRequest,
  type SeqMsgRequest,
} from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { isConflict, natsFailure } from '../../control/index.ts';
import { type FunctionDefinition, HairspringError, NODE_BUCKETS } from '../../core/index.ts';
import { isPut } from '../../hostservices/provision.ts';
import { readLastMessages } from '../state/last-messages.ts';
import { parseDefinition } from './definition-schema.ts';
import { unknownDefinition } from './unknown-definition.ts';

const BUCKET = NODE_BUCKETS.definitions;
const STREAM = `KV_${BUCKET}`;
const DIGESTS = /\b[0-9a-f]{64}\b/g;
const SUBJECT_PREFIX = `$KV.${BUCKET}.`;

export interface StoredDefinition {
  readonly definition: FunctionDefinition;
  readonly revision: number;
  /** What is stored, where that cannot be read: the definition says no more than whose it is. */
  readonly unknown?: Uint8Array;
}

/** Changes whenever anybody stores or removes a definition. */
export interface StoreState {
  /** When the bucket was made: another one counts its revisions anew. */
  readonly created: string;
  readonly lastRevision: number;
  /** How many keys it has. */
  readonly count: number;
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
        await new Kvm(nc).create(BUCKET, {
          history: 1,
          description: 'Functions deployed on Hairspring',
        }),
      );
    } catch (error) {
      throw natsFailure(error, `Cannot open bucket ${BUCKET}`);
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

  async state(): Promise<StoreState> {
    const { created, state } = await this.#ask((manager) => manager.streams.info(STREAM));
    return { created, lastRevision: state.last_seq, count: state.messages };
  }

  /** The first key that was changed at `revision` or later. */
  async next(revision: number): Promise<{ readonly key: string; readonly revision: number } | undefined> {
    const query: SeqMsgRequest & NextMsgRequest = { seq: revision, next_by_subj: `${SUBJECT_PREFIX}>` };
    const message = await this.#ask((manager) => manager.streams.getMessage(STREAM, query));
    return message === null ? undefined : { key: toKey(message.subject), revision: message.seq };
  }

  async keys(): Promise<ReadonlySet<string>> {
    const filter = { subjects_filter: `${SUBJECT_PREFIX}>` };
    const { state } = await this.#ask((manager) => manager.streams.info(STREAM, filter));
    return new Set(Object.keys(state.subjects ?? {}).map(toKey));
  }

  async #ask<Answer>(question: (manager: JetStreamManager) => Promise<Answer>): Promise<Answer> {
    try {
      return await question(await jetstreamManager(this.#nc, { checkAPI: false }));
    } catch (error) {
      throw natsFailure(error, 'Cannot read the deployed functions');
    }
  }

  async #read(keys: string): Promise<readonly StoredDefinition[]> {
    return (await this.#messages(keys)).map(({ subject, data, seq }) => {
      const [namespace = '', name = ''] = toKey(subject).split('.');
      return toStored(namespace, name, data, seq);
    });
  }

  async #messages(keys: string): Promise<readonly JsMsg[]> {
    const filterSubject = `${SUBJECT_PREFIX}${keys}`;
    const messages = await this.#ask((manager) => readLastMessages(manager, STREAM, { filterSubject }));
    return messages.filter(isPut);
  }

  /** Asks whoever leads the stream: a replica or a mirror may not have heard yet of what was stored last. */
  async get(namespace: string, name: string): Promise<StoredDefinition | undefined> {
    const subject = `${SUBJECT_PREFIX}${namespace}.${name}`;
    const message = await this.#ask((manager) =>
      manager.streams.getMessage(STREAM, { last_by_subj: subject }),
    );
    // With a wildcard in the name it is some other function's.
    if (message?.subject !== subject || !isPut({ headers: message.header })) return undefined;
    return toStored(namespace, name, message.data, message.seq);
  }

  /**
   * Stores a definition in the place of the one at `revision` (0: of none).
   * @returns its revision
   * @throws HS_DEPLOY_CONFLICT when another one is there
   */
  async put(definition: FunctionDefinition, revision: number): Promise<number> {
    return await this.#put(definition, JSON.stringify(definition), revision);
  }

  /** Stores what was there before, in the place of what is at `revision`. */
  async putBack({ definition, unknown }: StoredDefinition, revision: number): Promise<void> {
    await this.#put(definition, unknown ?? JSON.stringify(definition), revision);
  }

  async #put(definition: FunctionDefinition, value: string | Uint8Array, revision: number): Promise<number> {
    const key = `${definition.namespace}.${definition.name}`;
    try {
      return revision === 0 ? await this.#kv.create(key, value) : await this.#kv.update(key, value, revision);
    } catch (error) {
      if (isConflict(error)) {
        throw new HairspringError(
          'HS_DEPLOY_CONFLICT',
          `Cannot deploy "${definition.name}": somebody else deployed it at the same time`,
          { cause: error },
        );
      }
      throw natsFailure(error, `Cannot store function "${definition.name}"`);
    }
  }

  /** Removes a definition, and none that is newer than `revision`, without leaving a delete marker behind. */
  async remove({ namespace, name }: FunctionDefinition, revision: number): Promise<void> {
    try {
      const manager = await jetstreamManager(this.#nc, { checkAPI: false });
      const filter = `${SUBJECT_PREFIX}${namespace}.${name}`;
      await manager.streams.purge(STREAM, { filter, seq: revision + 1 });
    } catch (error) {
      throw natsFailure(error, `Cannot remove function "${name}"`);
    }
  }
}

function toKey(subject: string): string {
  return subject.slice(SUBJECT_PREFIX.length);
}

function toStored(namespace: string, name: string, bytes: Uint8Array, revision: number): StoredDefinition {
  const definition = parseDefinition(bytes);
  if (definition?.namespace === namespace && definition.name === name) return { definition, revision };
  return { definition: unknownDefinition(namespace, name, bytes), revision, unknown: bytes };
}
