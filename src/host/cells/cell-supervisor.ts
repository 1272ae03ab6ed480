import type { NatsConnection } from '@nats-io/transport-node';
import {
  type CellOptions,
  type CellStats,
  type CheckResult,
  type Clock,
  type FunctionSpec,
  HairspringError,
  type Logger,
  type NatsEndpoint,
} from '../../core/index.ts';
import { CellGroup } from './cell-group.ts';
import { CellProcess } from './cell-process.ts';
import { SpareCells } from './spare-cells.ts';

export interface CellSupervisorOptions {
  readonly nats: NatsEndpoint;
  readonly nc: NatsConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly spareCells: number;
  readonly cell: Omit<CellOptions, 'cellId' | 'journalFd'>;
}

/** All cells of a node: one per namespace with functions, and the spares. */
export class CellSupervisor {
  readonly #options: CellSupervisorOptions;
  readonly #spares: SpareCells;
  readonly #groups = new Map<string, CellGroup>();
  #lastCellId = 0;

  constructor(options: CellSupervisorOptions) {
    this.#options = options;
    const { clock, logger } = options;
    this.#spares = new SpareCells({
      create: () => this.#createCell(),
      count: this.#spareCount(),
      clock,
      logger,
    });
  }

  /** One more before the first function: its deployment takes a cell to try it in and one to serve it. */
  #spareCount(): number {
    const { spareCells } = this.#options;
    return spareCells > 0 && this.#groups.size === 0 ? spareCells + 1 : spareCells;
  }

  #createCell(): CellProcess {
    this.#lastCellId += 1;
    return new CellProcess({ ...this.#options.cell, cellId: `c${this.#lastCellId}` }, this.#options.logger);
  }

  get pids(): readonly number[] {
    const serving = [...this.#groups.values()].map(({ pid }) => pid).filter((pid) => pid !== undefined);
    return [...serving, ...this.#spares.pids];
  }

  #group(namespace: string): CellGroup {
    let group = this.#groups.get(namespace);
    if (group === undefined) {
      const first = this.#groups.size === 0;
      const { nats, nc, clock, logger } = this.#options;
      group = new CellGroup({ namespace, nats, nc, spares: this.#spares, clock, logger });
      this.#groups.set(namespace, group);
      if (first) this.#spares.keep(this.#spareCount());
    }
    return group;
  }

  /**
   * Loads a function in a spare cell, where no tenant's work is, and throws its isolate away.
   * @throws the code that says why it does not load
   */
  async check(spec: FunctionSpec): Promise<CheckResult> {
    try {
      return await this.#spares.lend((cell) => cell.command('check', { spec }));
    } catch (error) {
      if (!HairspringError.is(error) || error.code !== 'HS_CELL_LOST') throw error;
      const message = `Cannot load ${spec.name}: the code at the top level of its module brought the cell down`;
      throw new HairspringError('HS_FUNCTION_LOAD', message, { cause: error });
    }
  }

  async activate(specs: readonly FunctionSpec[]): Promise<void> {
    const byNamespace = Map.groupBy(specs, ({ namespace }) => namespace);
    await Promise.all([...byNamespace].map(([namespace, own]) => this.#group(namespace).activate(own)));
  }

  async deactivate({ id, namespace }: Pick<FunctionSpec, 'id' | 'namespace'>): Promise<void> {
    await this.#groups.get(namespace)?.deactivate(id);
  }

  suspendedReason({ id, namespace }: Pick<FunctionSpec, 'id' | 'namespace'>): string | undefined {
    return this.#groups.get(namespace)?.suspendedReason(id);
  }

  async stats(namespace: string): Promise<CellStats | undefined> {
    return this.#groups.get(namespace)?.stats();
  }

  async tap(namespace: string, untilMs: number): Promise<void> {
    await this.#groups.get(namespace)?.tap(untilMs);
  }

  /** Takes no new work anywhere and resolves when all accepted work is finished or `graceMs` have passed. */
  async drain(graceMs: number): Promise<void> {
    await Promise.all([...this.#groups.values()].map((group) => group.drain(graceMs)));
    this.#groups.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain(0);
    await this.#spares[Symbol.asyncDispose]();
  }
}
