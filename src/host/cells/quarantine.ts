import type { Clock, FunctionSpec, Logger, ReplySubjects } from '../../core/index.ts';
import type { NamespaceAccess } from '../accounts/index.ts';
import type { SecretSource } from '../secrets/index.ts';
import type { CellReports } from '../telemetry/index.ts';
import { CellGroup } from './cell-group.ts';
import type { SpareCells } from './spare-cells.ts';
import type { Sentence, Suspensions } from './suspensions.ts';

/** A process each, so that a tenant cannot have one for every function that kills. */
const MAX_CELLS = 4;

export interface QuarantineOptions {
  readonly nodeId: string;
  readonly spares: SpareCells;
  readonly secrets: SecretSource;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly replySubjects: ReplySubjects;
  readonly reports?: CellReports | undefined;
}

/** Functions that kill cells, each in a cell of its own: whom they still kill is themselves. */
export class Quarantine {
  readonly #options: QuarantineOptions;
  readonly #groups = new Map<string, CellGroup>();
  /** Those that finish what a function had begun. */
  readonly #leaving = new Set<CellGroup>();
  #stopping = false;

  constructor(options: QuarantineOptions) {
    this.#options = options;
  }

  get pids(): readonly number[] {
    return [...this.#groups.values(), ...this.#leaving].flatMap(({ pids }) => pids);
  }

  groupsOf(namespace: string): readonly CellGroup[] {
    return [...this.#groups.values()].filter((group) => group.namespace === namespace);
  }

  /**
   * Takes a function in.
   * @param access to the account of its namespace
   * @param suspensions what is held against the functions of its namespace
   * @returns undefined when there is no room; else resolves when it is served, or the node stops
   */
  admit(spec: FunctionSpec, access: NamespaceAccess, suspensions: Suspensions): Promise<void> | undefined {
    const cells = [...this.#groups.values()].filter(({ pids }) => pids.length > 0);
    if (this.#stopping || cells.length >= MAX_CELLS || this.#groups.has(spec.id)) return undefined;
    const group: CellGroup = new CellGroup({
      ...this.#options,
      reports: this.#options.reports,
      namespace: spec.namespace,
      access,
      suspensions,
      quarantine: undefined,
      onEmpty: () => {
        if (this.#groups.get(spec.id) === group) this.#groups.delete(spec.id);
      },
    });
    this.#groups.set(spec.id, group);
    return group.takeOver(spec);
  }

  /**
   * Lets a function go; resolves when its accepted work is finished.
   * @param isServedElsewhere as of {@link CellGroup.deactivate}
   */
  async release(functionId: string, isServedElsewhere: boolean): Promise<void> {
    const group = this.#groups.get(functionId);
    if (group === undefined) return;
    this.#groups.delete(functionId);
    this.#leaving.add(group);
    try {
      await group.deactivate(functionId, isServedElsewhere);
    } finally {
      this.#leaving.delete(group);
    }
  }

  sentenceOf(functionId: string): Sentence | undefined {
    return this.#groups.get(functionId)?.sentenceOf(functionId);
  }

  async drain(graceMs: number): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#groups.values(), ...this.#leaving].map((group) => group.drain(graceMs)));
    this.#groups.clear();
  }
}
