import type { OpenReply } from '../../src/triggers/index.ts';

/** Whoever is told of open replies by their subjects, as tests name them. */
export class OpenReplies {
  readonly #target: { received(open: OpenReply): void; answered(open: OpenReply): void };
  readonly #open = new Map<string, OpenReply[]>();

  constructor(target: { received(open: OpenReply): void; answered(open: OpenReply): void }) {
    this.#target = target;
  }

  received(reply: string): void {
    const open = { reply, place: -1 };
    this.#open.set(reply, [...(this.#open.get(reply) ?? []), open]);
    this.#target.received(open);
  }

  /** The oldest of those that are open at this subject, or one that has never been. */
  answered(reply: string): void {
    this.#target.answered(this.#open.get(reply)?.shift() ?? { reply, place: -1 });
  }
}
