import { HairspringError, type HostCallResult, type KvBinding } from '../../core/index.ts';
import { isNoResponders } from '../shared/provider-failures.ts';
import { KV_LIMITS } from './limits.ts';
import type { KvAccess } from './provider-access.ts';
import { isPut, operationOf, type StoredMessage } from './provider-messages.ts';

/** Status of a direct get: there is no message on the subject. */
const NOT_FOUND = 404;
/** How long a bucket that answers no direct gets is not asked again. */
const INDIRECT_MS = 60_000;

/** What a function reads of its bucket in one call. */
export class KvReads {
  readonly #binding: KvBinding;
  readonly #access: KvAccess;
  #indirectUntilMs = 0;

  constructor(binding: KvBinding, access: KvAccess) {
    this.#binding = binding;
    this.#access = access;
  }

  async get(key: string, revision: number | undefined): Promise<HostCallResult> {
    const message = revision === undefined ? await this.last(key) : await this.#at(key, revision);
    if (message === null || !isPut(message)) return { value: null };
    return { value: [message.revision, message.createdMs], data: message.data };
  }

  /** The last message of a key, be it a value or a marker; `null` when there is none. */
  async last(key: string): Promise<StoredMessage | null> {
    if (performance.now() < this.#indirectUntilMs) return this.#lastIndirectly(key);
    try {
      return await this.#lastDirectly(key);
    } catch (error) {
      if (!isNoResponders(error)) throw error;
      const message = await this.#lastIndirectly(key);
      this.#indirectUntilMs = performance.now() + INDIRECT_MS;
      return message;
    }
  }

  async #lastDirectly(key: string): Promise<StoredMessage | null> {
    const subject = this.#subject(key);
    const { headers, data } = await this.#access.directGets.get(this.#stream, subject);
    if (headers?.code === NOT_FOUND) return null;
    if (headers === undefined || headers.code !== 0)
      throw this.#unavailable(
        `get key "${key}"`,
        `the server answered ${headers?.status ?? 'without headers'}`,
      );
    const revision = Number(headers.get('Nats-Sequence'));
    return { subject, revision, createdMs: Date.parse(headers.get('Nats-Time-Stamp')), headers, data };
  }

  /** Whoever may read all keys asks for the message; others read by a consumer, which the server holds to their keys. */
  async #lastIndirectly(key: string): Promise<StoredMessage | null> {
    if (this.#binding.keys === '>') return this.#stored({ last_by_subj: this.#subject(key) });
    return this.#access.read(
      { stream: this.#stream, filterSubject: this.#subject(key), from: 'last' },
      async (reader) => (await this.#first(reader)) ?? null,
    );
  }

  async #at(key: string, revision: number): Promise<StoredMessage | null> {
    const subject = this.#subject(key);
    if (this.#binding.keys === '>') {
      const message = await this.#stored({ seq: revision });
      return message?.subject === subject ? message : null;
    }
    return this.#access.read(
      { stream: this.#stream, filterSubject: subject, from: revision },
      async (reader) => {
        const message = await this.#first(reader);
        return message?.revision === revision ? message : null;
      },
    );
  }

  async #first(reader: Awaited<ReturnType<KvAccess['openReader']>>): Promise<StoredMessage | undefined> {
    let found: StoredMessage | undefined;
    if (reader.pending > 0)
      await reader.pull({ batch: 1 }, (message) => {
        found = message;
      });
    return found;
  }

  async #stored(
    query: { readonly seq: number } | { readonly last_by_subj: string },
  ): Promise<StoredMessage | null> {
    const manager = await this.#access.manager();
    const found = await this.#access.link.guard(manager.streams.getMessage(this.#stream, query));
    if (found === null) return null;
    const { subject, seq, time, header, data } = found;
    return { subject, revision: seq, createdMs: time.getTime(), headers: header, data };
  }

  /** Values of a key, oldest first, as rows beside all their bytes. @throws HS_HOST_CALL_LIMIT */
  history(key: string): Promise<HostCallResult> {
    const options = { stream: this.#stream, filterSubject: this.#subject(key), from: 'all' } as const;
    return this.#access.read(options, async (reader) => {
      const { historyEntries, historyBytes } = KV_LIMITS;
      const found: StoredMessage[] = [];
      if (reader.pending > historyEntries) throw historyLimit(key, `at most ${historyEntries} values`);
      if (reader.pending > 0) {
        const end = await reader.pull({ batch: reader.pending, maxBytes: historyBytes }, (message) =>
          found.push(message),
        );
        if (end === 'too-large') throw historyLimit(key, `at most ${historyBytes} bytes`);
      }
      const rows = found.map((message) => [
        message.revision,
        message.createdMs,
        operationOf(message),
        message.data.length,
      ]);
      return { value: rows, data: Buffer.concat(found.map(({ data }) => data)) };
    });
  }

  #unavailable(action: string, reason: string): HairspringError {
    const message = `Cannot ${action} in bucket "${this.#binding.bucket}": ${reason}`;
    return new HairspringError('HS_KV_UNAVAILABLE', message);
  }

  get #stream(): string {
    return `KV_${this.#binding.bucket}`;
  }

  #subject(key: string): string {
    return `$KV.${this.#binding.bucket}.${key}`;
  }
}

function historyLimit(key: string, limit: string): HairspringError {
  const message = `Cannot give the history of key "${key}": one call gives ${limit}; read it with watch("${key}", { include: "history" })`;
  return new HairspringError('HS_HOST_CALL_LIMIT', message);
}
