/** The content of an object on its way from a component. */
import type { HostState } from '../state.ts';
import type { SlowOutputStream } from '../stream-objects.ts';
import { type Container, PIECE_BYTES, refusal } from './container.ts';

/** Values of one invocation that are neither finished nor dropped: as many as transfers that a binding lets open. */
const MAX_VALUES = 16;
/** What may be written before `write-data` has said where it goes. */
const MAX_EARLY_BYTES = 1024 ** 2;

/** Where a value goes: a put that the host has begun. */
interface Target {
  readonly container: Container;
  readonly handle: number;
}

export class OutgoingValue {
  readonly #state: HostState;
  readonly #stream = new OutgoingStream();
  #isBodyTaken = false;
  #isOver = false;

  constructor(state: HostState) {
    if (state.outgoingValues >= MAX_VALUES)
      throw new RangeError(`It has more than ${MAX_VALUES} outgoing values at once`);
    state.outgoingValues += 1;
    this.#state = state;
  }

  /** @returns undefined when somebody has it */
  takeBody(): OutgoingStream | undefined {
    if (this.#isBodyTaken) return undefined;
    this.#isBodyTaken = true;
    return this.#stream;
  }

  /** @throws HS_HOST_CALL_INVALID when it has a place already, and what the host refuses */
  async sendTo(container: Container, name: string): Promise<void> {
    this.#stream.reserve(container.shown(name));
    await this.#stream.begin(container, name);
  }

  /** Makes it the object that `write-data` has named. */
  finish(): Promise<void> {
    this.#end();
    return this.#stream.finish();
  }

  /** What was not finished is given up; the object that was there stays. */
  dropped(): void {
    this.#end();
    this.#stream.giveUp();
  }

  #end(): void {
    if (!this.#isOver) this.#state.outgoingValues -= 1;
    this.#isOver = true;
  }
}

/** Keeps what is written until there is a piece of it, and one piece more while the host takes that. */
export class OutgoingStream implements SlowOutputStream {
  #bytes = new Uint8Array(0);
  #length = 0;
  #isReserved = false;
  #target: Target | undefined;
  #sending: Promise<void> | undefined;
  isClosed = false;
  failure: unknown;

  get room(): number {
    const most = this.#target === undefined ? MAX_EARLY_BYTES : PIECE_BYTES;
    return Math.max(0, most - this.#length);
  }

  write(bytes: Uint8Array): void {
    if (bytes.length > this.room) throw new RangeError('It writes more than check-write has allowed');
    const end = this.#length + bytes.length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#bytes.set(bytes, this.#length);
    this.#length = end;
    if (this.#length >= PIECE_BYTES && this.#target !== undefined) void this.#send(this.#target);
  }

  #grow(least: number): void {
    const bytes = new Uint8Array(Math.min(MAX_EARLY_BYTES, Math.max(least, this.#bytes.length * 2)));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }

  pending(): Promise<void> | undefined {
    if (this.isClosed || this.failure !== undefined || this.room > 0) return undefined;
    if (this.#target !== undefined) {
      const sending = this.#send(this.#target);
      return this.room > 0 ? undefined : sending;
    }
    this.failure = refusal(
      'HS_HOST_CALL_LIMIT',
      `Cannot write on: ${MAX_EARLY_BYTES} bytes were written, and no write-data has said which object they are`,
    );
    return undefined;
  }

  reserve(shown: string): void {
    if (this.#isReserved || this.isClosed)
      throw refusal('HS_HOST_CALL_INVALID', `Cannot write ${shown}: the value is that of another object`);
    this.#isReserved = true;
  }

  async begin(container: Container, name: string): Promise<void> {
    try {
      const handle = (await container.call('create', [name, '{}'])) as number;
      this.#target = { container, handle };
    } catch (error) {
      this.#isReserved = false;
      throw error;
    }
  }

  async finish(): Promise<void> {
    const target = this.#target;
    this.isClosed = true;
    if (target === undefined)
      throw refusal(
        'HS_HOST_CALL_INVALID',
        'Cannot finish a value: no write-data has said which object it is',
      );
    await this.#sending;
    while (this.#length > 0 && this.failure === undefined) await this.#send(target);
    this.#target = undefined;
    const { container, handle } = target;
    if (this.failure === undefined) {
      await container.call('finish', [handle]);
      return;
    }
    await container.close(handle);
    throw this.failure;
  }

  giveUp(): void {
    const target = this.#target;
    this.isClosed = true;
    this.#target = undefined;
    this.#length = 0;
    if (target !== undefined) void target.container.close(target.handle);
  }

  /** One piece at a time. Never rejects. */
  #send(target: Target): Promise<void> {
    this.#sending ??= this.#sendPiece(target);
    return this.#sending;
  }

  async #sendPiece({ container, handle }: Target): Promise<void> {
    const bytes = this.#bytes;
    const length = Math.min(PIECE_BYTES, this.#length);
    // What goes to the host is copied at once.
    const sent = container.call('write', [handle], bytes.subarray(0, length));
    bytes.copyWithin(0, length, this.#length);
    this.#length -= length;
    try {
      await sent;
    } catch (error) {
      this.failure = error;
    }
    this.#sending = undefined;
  }
}
