import type { BoundCell } from './bound-cell.ts';
import type { CellProcess } from './cell-process.ts';

/** A cell without functions only finishes what replaced versions had begun, each with its own deadline. */
const RELEASE_GRACE_MS = 300_000;

/** The cells of a group: those that serve, begin to, or finish what they had begun. */
export class GroupCells {
  readonly #cells = new Set<CellProcess>();
  readonly #releases = new Set<Promise<void>>();

  get size(): number {
    return this.#cells.size;
  }

  get pids(): readonly number[] {
    return [...this.#cells]
      .filter(({ state }) => state !== 'dead')
      .map(({ pid }) => pid)
      .filter((pid) => pid !== undefined);
  }

  /** Whether a cell is being given up. */
  get isReleasing(): boolean {
    return this.#releases.size > 0;
  }

  add(cell: CellProcess): void {
    this.#cells.add(cell);
  }

  /** Gives up a cell when it has finished what its functions had begun, all of which leave. */
  async release(bound: BoundCell): Promise<void> {
    await this.track(Promise.all(bound.finishing).then(() => this.finish(bound, RELEASE_GRACE_MS)));
  }

  /** @param gone settles when a cell is, of which the group is not free before */
  async track(gone: Promise<void>): Promise<void> {
    const released = gone.finally(() => this.#releases.delete(released));
    this.#releases.add(released);
    await released;
  }

  /** Resolves when those are given up that are on the way to it. */
  async released(): Promise<void> {
    await Promise.allSettled(this.#releases);
  }

  /** Ends a cell when it has finished its work. If it dies before, its callers are answered in a turn of its own. */
  async finish(bound: BoundCell, graceMs: number): Promise<void> {
    try {
      await bound.cell.command('drain', { graceMs });
      bound.finished = true;
      await this.dispose(bound);
    } catch {
      bound.cell.kill();
      await bound.cell.exited;
    }
  }

  async dispose(bound: BoundCell): Promise<void> {
    const { cell } = bound;
    await cell[Symbol.asyncDispose]();
    // Not before: what is still in the socket of a dead cell is read first.
    bound.withdraw();
    this.#cells.delete(cell);
  }

  kill(): void {
    for (const cell of this.#cells) cell.kill();
  }
}
