import type { Socket } from 'node:net';
import {
  type AdoptedMessage,
  type FunctionSpec,
  functionMark,
  HairspringError,
  INVOKE_KEY,
  JOURNAL,
  type Logger,
  type NatsEndpoint,
  type ReplySubjects,
  triggerKey,
  type WorkloadCredential,
} from '../../core/index.ts';
import type { CellAccess, CredentialReason, NamespaceAccess } from '../accounts/index.ts';
import type { SecretSource } from '../secrets/index.ts';
import type { CellProcess } from './cell-process.ts';
import { NOBODYS, type SidLookup } from './message-parser.ts';
import { Recovery } from './recovery.ts';
import { Tally } from './tally.ts';

/** The journal of which nothing is known. */
const UNREADABLE = Uint8Array.from({ length: JOURNAL.headerBytes }, (_, at) =>
  at === JOURNAL.incompleteOffset ? 1 : 0,
);

export interface BoundCellOptions {
  readonly secrets: SecretSource;
  readonly logger: Logger;
  readonly replySubjects: ReplySubjects;
}

/** A cell that serves a group, and what the host must know of it when it dies. */
export class BoundCell {
  readonly cell: CellProcess;
  /** By subscription id. */
  readonly sids = new Map<number, { readonly functionId: string; readonly triggerKey: string }>();
  /** Functions that are undeployed and still finish what was accepted. */
  readonly finishing = new Set<Promise<unknown>>();
  /** Where the server does not let functions listen: one subject for each. */
  readonly #refused = new Map<string, string>();
  /** It has finished everything, so its end is nobody's loss. */
  finished = false;
  encrypted = false;
  readonly #logger: Logger;
  readonly #replySubjects: ReplySubjects;
  readonly #access: CellAccess;
  readonly #secrets: SecretSource;
  readonly #functionIds = new Set<string>();
  #recovered: Recovery | undefined;
  #adoptions = 0;
  /** Activations of which it has not told the subscription ids. */
  #subscribing = 0;

  constructor(
    cell: CellProcess,
    access: NamespaceAccess,
    { secrets, logger, replySubjects }: BoundCellOptions,
  ) {
    this.cell = cell;
    this.#logger = logger;
    this.#replySubjects = replySubjects;
    this.#access = access.forCell(cell.id);
    this.#secrets = secrets;
  }

  /** Connects it. */
  async assign(namespace: string): Promise<void> {
    const { encrypted } = await this.cell.command('assign', {
      namespace,
      nats: await this.#access.connectAs(),
      secretSeed: this.#secrets.seedOf(namespace),
    });
    this.encrypted = encrypted;
  }

  /** Whether its credentials are to be renewed before they expire. */
  get isWorn(): boolean {
    return this.#access.isWorn;
  }

  /**
   * Gives it other credentials before those that it has expire. Rejects as soon as it dies.
   * @param served what it serves by the time that they are made: a version of before would get what is not its own
   * @param around does `change`, for which it changes its connection, and what is to be done about that
   */
  async renew(
    served: () => readonly FunctionSpec[],
    around: (endpoint: NatsEndpoint, change: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const isWorn = this.isWorn;
    const nats = await this.cell.whileAlive(this.#access.connectAs());
    const credentials = this.#credentials(served(), 'renewal');
    await around(nats, async () => {
      await this.cell.command('renew', { nats, credentials, atOnce: isWorn });
      this.#access.renewed();
    });
  }

  #credentials(
    specs: readonly FunctionSpec[],
    why: CredentialReason,
  ): Readonly<Record<string, WorkloadCredential>> {
    const given = specs.flatMap((spec) => {
      const credential = this.#access.credentialFor(spec, why);
      return credential === undefined ? [] : [[spec.id, credential] as const];
    });
    return Object.fromEntries(given);
  }

  /** It is gone for good: what it connected with is void. */
  withdraw(): void {
    this.#access.withdraw();
  }

  /** Serves `specs` from now on, each in the place of its earlier version. */
  async activate(specs: readonly FunctionSpec[], coldReason: 'first' | 'crash' = 'first'): Promise<void> {
    for (const { id } of specs) this.#functionIds.add(id);
    const credentials = this.#credentials(specs, 'version');
    const secrets = this.#secrets.sealedFor(specs);
    const params = { specs, credentials, coldReason, secrets };
    this.#subscribing += 1;
    const { sids, invokeSids, refused } = await this.cell.command('activate', params);
    this.#subscribing -= 1;
    for (const [index, spec] of specs.entries()) {
      this.sids.set(invokeSids[index] ?? 0, { functionId: spec.id, triggerKey: INVOKE_KEY });
      for (const [place, trigger] of spec.triggers.entries()) {
        const sid = sids[index]?.[place] ?? 0;
        if (sid > 0) this.sids.set(sid, { functionId: spec.id, triggerKey: triggerKey(trigger) });
      }
      this.#noteRefused(spec, refused[index] ?? '');
    }
  }

  #noteRefused({ id, name }: FunctionSpec, subject: string): void {
    if (subject === '') {
      this.#refused.delete(id);
      return;
    }
    this.#refused.set(id, subject);
    this.#logger.error('The server does not let a function listen', { function: name, subject });
  }

  /** @throws HS_NATS_REFUSED when the server does not let one of them listen where it is to */
  assertListening(specs: readonly FunctionSpec[]): void {
    for (const { id, name } of specs) {
      const subject = this.#refused.get(id);
      if (subject === undefined) continue;
      const message = `Cannot serve ${name}: the server does not let it listen on "${subject}"`;
      const hint = 'Permit the NATS user with which the node serves the namespace to subscribe to it';
      throw new HairspringError('HS_NATS_REFUSED', message, { hint });
    }
  }

  /**
   * Hands over messages that a dead cell had not begun.
   * @returns those for which nobody answers: this one has died as well, and its journal does not tell of them
   */
  async adopt(messages: readonly AdoptedMessage[]): Promise<readonly AdoptedMessage[]> {
    this.#adoptions += 1;
    try {
      await this.cell.command('adopt', { messages });
      return [];
    } catch {
      this.cell.kill();
      await this.cell.exited;
      if (this.cell.journal.adoptions === this.#adoptions % 256) return [];
      const told = new Tally();
      for (const { reply } of this.recovered.open) told.add(reply);
      return messages.filter(({ reply }) => !told.take(reply));
    }
  }

  /** Unsubscribes a function; resolves when its accepted work is finished. */
  async deactivate(id: string): Promise<void> {
    // A cell that dies now takes the rest of the function with it.
    const done = this.cell.command('deactivate', { id }).catch(() => undefined);
    this.finishing.add(done);
    await done;
    this.finishing.delete(done);
  }

  /**
   * After its death: the duplicate of its socket, to read on where it ended. An encrypted one is closed
   * instead, so that no more messages go where nobody can read them.
   */
  takeSocket(): Socket | undefined {
    const socket = this.cell.takeSocket();
    if (!this.encrypted) return socket;
    socket?.destroy();
    return undefined;
  }

  /** After its death: the function that took the memory for which the watchdog killed it, if that is known. */
  get memoryCulpritId(): string | undefined {
    const mark = this.cell.journal.culpritMark;
    if (mark === 0) return undefined;
    return [...this.#functionIds].find((id) => functionMark(id) === mark);
  }

  /** After its death: who is owed what, by its journal and what is added of its socket. Never throws. */
  get recovered(): Recovery {
    this.#recovered ??= this.#recover();
    return this.#recovered;
  }

  #recover(): Recovery {
    // It may have subscribed and not told: whoever has sent something there can only be answered.
    const unknown = this.#subscribing > 0 ? NOBODYS : undefined;
    const lookup: SidLookup = (sid) => this.sids.get(sid) ?? unknown;
    try {
      return new Recovery(this.cell.journal.read(), lookup, this.#replySubjects);
    } catch (error) {
      const { message } = HairspringError.from(error);
      this.#logger.error('The journal of a dead cell cannot be read', { cell: this.cell.id, error: message });
      return new Recovery(UNREADABLE, lookup, this.#replySubjects);
    }
  }
}
