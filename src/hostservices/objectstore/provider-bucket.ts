import { JetStreamApiError, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { HairspringError } from '../../core/index.ts';
import type { Background } from '../shared/background.ts';
import { isConflict, isNoResponders } from '../shared/provider-failures.ts';
import type { Link } from '../shared/provider-link.ts';
import { chunkSubject, type FoundMeta, metaSubject, type ObjectMeta, parseMeta } from './meta.ts';
import { toObjectError } from './provider-errors.ts';

/** How long one request waits; the client library's own default. */
const TIMEOUT_MS = 5_000;
/** How often a change is tried that others get in the way of. */
const MAX_CONFLICTS = 16;
/** More than the headers of a change take. */
const HEADER_BYTES = 256;
/** What is to be purged is tried so often, with growing pauses. */
const PURGE_PAUSES_MS = [3_000, 10_000, 30_000] as const;

interface PurgeOptions {
  /** The name of which they may be the content by now, which is looked up then. */
  readonly unlessOf?: string | undefined;
}

/** What the buckets of a cell are reached by. */
export interface ObjectMeans {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly inboxPrefix: string | undefined;
  readonly background: Background;
  readonly link: Link;
}

/**
 * The messages of one bucket. `ObjectStore` of `@nats-io/obj` leaves a consumer behind for each get, cannot be
 * given an object in pieces, and follows links into other buckets.
 */
export class ObjectBucket {
  readonly name: string;
  readonly stream: string;
  readonly means: ObjectMeans;
  #manager: Promise<JetStreamManager> | undefined;

  constructor(name: string, means: ObjectMeans) {
    this.name = name;
    this.stream = `OBJ_${name}`;
    this.means = means;
  }

  manager(): Promise<JetStreamManager> {
    this.#manager ??= this.means.js.jetstreamManager(false);
    return this.#manager;
  }

  /** @returns undefined when there has never been an object of that name */
  async find(name: string): Promise<FoundMeta | undefined> {
    const manager = await this.manager();
    const query = { last_by_subj: metaSubject(this.name, name) };
    const message = await this.means.link.ask(() => manager.direct.getMessage(this.stream, query));
    if (message === null) return undefined;
    return { revision: message.seq, timeMs: message.time.getTime(), meta: parseMeta(message.string()) };
  }

  /** The first chunk of an object at or behind a place in the stream. */
  async chunk(nuid: string, seq: number): Promise<{ data: Uint8Array; seq: number } | undefined> {
    const manager = await this.manager();
    const query = { seq, next_by_subj: chunkSubject(this.name, nuid) };
    return (await this.means.link.ask(() => manager.direct.getMessage(this.stream, query))) ?? undefined;
  }

  async putChunk(nuid: string, data: Uint8Array): Promise<void> {
    const options = { timeout: TIMEOUT_MS };
    await this.means.link.ask(() => this.means.js.publish(chunkSubject(this.name, nuid), data, options));
  }

  /**
   * Puts `meta` in the place of what is said of its name, and purges the chunks of what was there.
   * @param build makes it from what is there, or gives undefined to leave that; called again when somebody else
   *   was faster
   * @throws HS_OBJECT_UNAVAILABLE when others are always faster, and what `build` throws
   */
  async replace(
    name: string,
    build: (former: FoundMeta | undefined) => Promise<ObjectMeta | undefined> | ObjectMeta | undefined,
  ): Promise<FoundMeta | undefined> {
    for (let attempt = 0; attempt < MAX_CONFLICTS; attempt += 1) {
      const former = await this.find(name);
      const meta = await build(former);
      if (meta === undefined) return undefined;
      const seq = await this.#publish(meta, former?.revision ?? 0);
      if (seq === undefined) continue;
      const nuid = former?.meta?.nuid ?? '';
      if (nuid !== '' && (nuid !== meta.nuid || meta.deleted === true)) await this.purge(nuid);
      return { revision: seq, timeMs: Date.parse(meta.mtime ?? ''), meta };
    }
    throw new HairspringError(
      'HS_OBJECT_UNAVAILABLE',
      `Cannot change object ${JSON.stringify(name)} in "${this.name}": others changed it ${MAX_CONFLICTS} times meanwhile`,
    );
  }

  /** @returns undefined when something else is said of that name by now */
  async #publish(meta: ObjectMeta, lastSubjectSequence: number): Promise<number | undefined> {
    const rollUp = headers();
    rollUp.set('Nats-Rollup', 'sub');
    const options = { timeout: TIMEOUT_MS, headers: rollUp, expect: { lastSubjectSequence } };
    const { js, link } = this.means;
    link.check();
    const said = Buffer.from(JSON.stringify(meta));
    const most = this.means.nc.info?.max_payload ?? Number.POSITIVE_INFINITY;
    if (said.length + HEADER_BYTES > most)
      throw new HairspringError(
        'HS_HOST_CALL_INVALID',
        `Cannot change object ${JSON.stringify(meta.name)} in "${this.name}": what is said of it is ${said.length} bytes, and the server's max_payload is ${most}`,
      );
    try {
      return (await link.guard(js.publish(metaSubject(this.name, meta.name), said, options))).seq;
    } catch (error) {
      if (isConflict(error)) return undefined;
      if (!(error instanceof JetStreamApiError)) {
        // Its acknowledgement may have been lost on the way, perhaps with the connection.
        await link.untilUp(TIMEOUT_MS);
        const found = await this.find(meta.name).catch(() => undefined);
        if (found?.meta?.nuid === meta.nuid && found.revision > lastSubjectSequence) return found.revision;
      }
      throw error;
    }
  }

  /** Removes the chunks of an object; what fails is tried again later. Never throws. */
  purge(nuid: string, options: PurgeOptions = {}, attempt = 0): Promise<void> {
    return this.means.background.add(this.#purge(nuid, options, attempt));
  }

  async #purge(nuid: string, options: PurgeOptions, attempt: number): Promise<void> {
    try {
      const { unlessOf } = options;
      if (unlessOf !== undefined && (await this.find(unlessOf))?.meta?.nuid === nuid) return;
      const manager = await this.manager();
      await manager.streams.purge(this.stream, { filter: chunkSubject(this.name, nuid) });
    } catch {
      this.purgeLater(nuid, options, attempt);
    }
  }

  purgeLater(nuid: string, options: PurgeOptions = {}, attempt = 0): void {
    const pauseMs = PURGE_PAUSES_MS[attempt];
    if (pauseMs !== undefined) setTimeout(() => void this.purge(nuid, options, attempt + 1), pauseMs).unref();
  }

  /**
   * What went wrong, as one of our codes. The server says the same when there is no bucket, when it has no leader,
   * and when it does not allow direct gets.
   */
  async explain(error: unknown, action: string): Promise<HairspringError> {
    if (HairspringError.is(error) || !isNoResponders(error)) return toObjectError(error, action, this.name);
    try {
      const { config } = await (await this.manager()).streams.info(this.stream);
      if (config.allow_direct === true) return toObjectError(error, action, this.name);
      return new HairspringError(
        'HS_OBJECT_UNAVAILABLE',
        `Cannot ${action}: object store "${this.name}" does not allow direct gets`,
        { hint: `Allow them: nats stream edit ${this.stream} --allow-direct` },
      );
    } catch (reason) {
      return toObjectError(reason, action, this.name);
    }
  }
}
