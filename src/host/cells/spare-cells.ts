import { type Clock, HairspringError, type Logger } from '../../core/index.ts';
import type { CellProcess } from './cell-process.ts';
import { FairTurns } from './fair-turns.ts';

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;
/** A start that fails so often in a row is reported to whoever waits for a cell. */
const REPORT_AFTER = 3;

export interface SpareCellsOptions {
  readonly create: () => CellProcess;
  readonly count: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Waiting {
  readonly namespace: string;
  readonly resolve: (cell: CellProcess) => void;
  readonly reject: (error: HairspringError) => void;
}

/**
 * Keeps cells ready for the next namespace or in place of a dead one; backs off when they do not start.
 * A cell that was lent has run code of a namespace, and is for that one only from then on.
 */
export class SpareCells {
  readonly #options: SpareCellsOptions;
  readonly #all = new Set<CellProcess>();
  readonly #ready: CellProcess[] = [];
  /** None of those that are ready suits any of these. */
  readonly #waiting: Waiting[] = [];
  /** The namespace whose code has run in a cell. */
  readonly #namespaces = new WeakMap<CellProcess, string>();
  #count: number;
  #starting = 0;
  /** The namespace that a cell is lent for now. */
  #lentFor: string | undefined;
  /** 1 while somebody waits to borrow. */
  #borrowers = 0;
  readonly #lending = new FairTurns();
  #failures = 0;
  #cancelRetry: (() => void) | undefined;
  #disposed = false;

  constructor(options: SpareCellsOptions) {
    this.#options = options;
    this.#count = options.count;
    this.#fill();
  }

  /** Keeps `count` cells ready from now on; what is there beyond it is used up first. */
  keep(count: number): void {
    this.#count = count;
    this.#fill();
  }

  get pids(): readonly number[] {
    return [...this.#all].map(({ pid }) => pid).filter((pid) => pid !== undefined);
  }

  /** Starts what is missing: the spares, and one for each that waits. */
  #fill(): void {
    if (this.#disposed || this.#cancelRetry !== undefined) return;
    const takers = this.#waiting.length - this.#borrowers;
    // A borrowed cell comes back, so a borrower needs one of the spares and not one more.
    const wanted = Math.max(this.#count, this.#borrowers) + takers;
    const lent = this.#lentFor === undefined ? 0 : 1;
    const awaited = this.#waiting.some(({ namespace }) => namespace === this.#lentFor) ? 1 : 0;
    const missing = (): boolean =>
      this.#ready.length + this.#starting + lent < wanted ||
      // Those that are ready may be enough, and yet none of them for whoever waits.
      this.#starting + awaited < this.#waiting.length;
    try {
      while (missing()) this.#start();
    } catch (error) {
      // The system refuses a process or a file right now.
      this.#onStartFailed(HairspringError.from(error));
    }
  }

  #start(): void {
    const cell = this.#options.create();
    this.#all.add(cell);
    this.#starting += 1;
    cell.exited.then((exit) => this.#onExit(cell, exit.stderr)).catch(() => undefined);
    cell.ready.then(
      () => this.#onReady(cell),
      (error: unknown) => {
        this.#starting -= 1;
        this.#onStartFailed(HairspringError.from(error));
      },
    );
  }

  #onReady(cell: CellProcess): void {
    this.#starting -= 1;
    this.#failures = 0;
    this.#offer(cell);
    this.#fill();
  }

  /** Gives a cell to the first that waits and may have it, or keeps it. */
  #offer(cell: CellProcess): void {
    const index = this.#waiting.findIndex(({ namespace }) => this.#suits(cell, namespace));
    const [waiting] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (waiting === undefined) {
      this.#ready.push(cell);
      return;
    }
    this.#all.delete(cell);
    waiting.resolve(cell);
  }

  #suits(cell: CellProcess, namespace: string): boolean {
    return (this.#namespaces.get(cell) ?? namespace) === namespace;
  }

  /** A ready cell that the namespace may have: rather one that is of no use to any other. */
  #pick(namespace: string): CellProcess | undefined {
    const own = this.#ready.findIndex((cell) => this.#namespaces.get(cell) === namespace);
    const index = own < 0 ? this.#ready.findIndex((cell) => this.#suits(cell, namespace)) : own;
    return index < 0 ? undefined : this.#ready.splice(index, 1)[0];
  }

  #onStartFailed(error: HairspringError): void {
    if (this.#disposed) return;
    this.#failures += 1;
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (this.#failures - 1), MAX_DELAY_MS);
    this.#options.logger.error('A cell did not start', { error: error.message, retryInMs: delayMs });
    if (this.#failures >= REPORT_AFTER) for (const { reject } of this.#waiting.splice(0)) reject(error);
    this.#cancelRetry ??= this.#options.clock.after(delayMs, () => {
      this.#cancelRetry = undefined;
      this.#fill();
    });
  }

  #onExit(cell: CellProcess, stderr: string): void {
    if (!this.#all.delete(cell)) return;
    cell[Symbol.asyncDispose]().catch(() => undefined);
    const index = this.#ready.indexOf(cell);
    if (index < 0) return;
    this.#ready.splice(index, 1);
    if (!this.#disposed)
      this.#options.logger.warn('A spare cell died', { cell: cell.id, stderr: stderr.slice(-300) });
    this.#fill();
  }

  /** A ready cell in which no other namespace's code has run; the caller owns it. Another one is started in its place. */
  async take(namespace: string): Promise<CellProcess> {
    const cell = this.#pick(namespace);
    if (cell !== undefined) {
      this.#all.delete(cell);
      this.#fill();
      return cell;
    }
    return this.#next(namespace);
  }

  /** The next cell that is ready. One that is there for another namespace makes room for it. */
  #next(namespace: string, onGiven: () => void = () => undefined): Promise<CellProcess> {
    return new Promise((resolve, reject) => {
      if (this.#disposed) {
        reject(new HairspringError('HS_DRAINING', 'The node is stopping'));
        return;
      }
      const give = (cell: CellProcess): void => {
        onGiven();
        resolve(cell);
      };
      this.#waiting.push({ namespace, resolve: give, reject });
      this.#ready
        .shift()
        ?.[Symbol.asyncDispose]()
        .catch(() => undefined);
      this.#fill();
    });
  }

  /**
   * Lends a ready cell, which stays here for the namespace. One borrower at a time, the namespaces in turns, and nobody
   * takes the cell meanwhile: what is tried out in it must not fail what serves.
   */
  async lend<Result>(namespace: string, action: (cell: CellProcess) => Promise<Result>): Promise<Result> {
    return await this.#lending.run(namespace, () => this.#lendNow(namespace, action));
  }

  async #lendNow<Result>(namespace: string, action: (cell: CellProcess) => Promise<Result>): Promise<Result> {
    const markLent = (): void => {
      this.#borrowers = 0;
      this.#lentFor = namespace;
    };
    try {
      const ready = this.#pick(namespace);
      if (ready === undefined) this.#borrowers = 1;
      else markLent();
      const cell = ready ?? (await this.#next(namespace, markLent));
      this.#all.add(cell);
      this.#namespaces.set(cell, namespace);
      try {
        return await action(cell);
      } finally {
        if (cell.state !== 'dead' && !this.#disposed) this.#offer(cell);
      }
    } finally {
      this.#borrowers = 0;
      this.#lentFor = undefined;
      this.#fill();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#cancelRetry?.();
    const gone = new HairspringError('HS_DRAINING', 'The node is stopping');
    for (const { reject } of this.#waiting.splice(0)) reject(gone);
    await Promise.all([...this.#all].map((cell) => cell[Symbol.asyncDispose]()));
  }
}
