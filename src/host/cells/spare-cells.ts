import { type Clock, HairspringError, type Logger } from '../../core/index.ts';
import type { CellProcess } from './cell-process.ts';

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

/** Keeps cells ready for the next trust group or in place of a dead one; backs off when they do not start. */
export class SpareCells {
  readonly #options: SpareCellsOptions;
  readonly #all = new Set<CellProcess>();
  readonly #ready: CellProcess[] = [];
  readonly #waiting: {
    readonly resolve: (cell: CellProcess) => void;
    readonly reject: (error: HairspringError) => void;
  }[] = [];
  #count: number;
  #starting = 0;
  /** 1 while a cell is lent. */
  #lent = 0;
  /** 1 while somebody waits to borrow. */
  #borrowers = 0;
  #lending: Promise<void> = Promise.resolve();
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
    try {
      while (this.#ready.length + this.#starting + this.#lent < wanted) this.#start();
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
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#ready.push(cell);
    else this.#give(cell, waiting.resolve);
    this.#fill();
  }

  #give(cell: CellProcess, resolve: (cell: CellProcess) => void): void {
    this.#all.delete(cell);
    resolve(cell);
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

  /** A ready cell; the caller owns it. Another one is started in its place. */
  async take(): Promise<CellProcess> {
    const cell = this.#ready.shift();
    if (cell !== undefined) {
      this.#all.delete(cell);
      this.#fill();
      return cell;
    }
    return this.#next();
  }

  /** The next cell that is ready. */
  #next(onGiven: () => void = () => undefined): Promise<CellProcess> {
    return new Promise((resolve, reject) => {
      if (this.#disposed) {
        reject(new HairspringError('HS_DRAINING', 'The node is stopping'));
        return;
      }
      const give = (cell: CellProcess): void => {
        onGiven();
        resolve(cell);
      };
      this.#waiting.push({ resolve: give, reject });
      this.#fill();
    });
  }

  /**
   * Lends a ready cell, which stays here. One borrower at a time, and nobody takes the cell meanwhile: what
   * one tenant tries out in it must not fail another.
   */
  async lend<Result>(action: (cell: CellProcess) => Promise<Result>): Promise<Result> {
    const turn = this.#lending.then(() => this.#lendNow(action));
    this.#lending = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  async #lendNow<Result>(action: (cell: CellProcess) => Promise<Result>): Promise<Result> {
    const markLent = (): void => {
      this.#borrowers = 0;
      this.#lent = 1;
    };
    try {
      const ready = this.#ready.shift();
      if (ready === undefined) this.#borrowers = 1;
      else markLent();
      const cell = ready ?? (await this.#next(markLent));
      this.#all.add(cell);
      try {
        return await action(cell);
      } finally {
        this.#takeBack(cell);
      }
    } finally {
      this.#borrowers = 0;
      this.#lent = 0;
      this.#fill();
    }
  }

  #takeBack(cell: CellProcess): void {
    if (cell.state === 'dead' || this.#disposed) return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#ready.push(cell);
    else this.#give(cell, waiting.resolve);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#cancelRetry?.();
    const gone = new HairspringError('HS_DRAINING', 'The node is stopping');
    for (const { reject } of this.#waiting.splice(0)) reject(gone);
    await Promise.all([...this.#all].map((cell) => cell[Symbol.asyncDispose]()));
  }
}
