import { HairspringError } from '../../core/index.ts';
import { type Bundler, createBundler } from '../../host/index.ts';
import { type DeployedFunction, deployFunction, runRequestOf } from '../deploy/deploy-function.ts';
import { compareWithLive } from '../deploy/grants.ts';
import { type PreparedFunction, prepareFunction, shownPath } from '../deploy/prepare.ts';
import { twinsRefused } from '../deploy/twins.ts';
import type { ControlConnection } from '../shell/connection.ts';
import { roundMs } from '../shell/format.ts';

/** What became of one look at a function's files. */
export type UpdateOutcome =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'deployed';
      readonly deployed: DeployedFunction;
      readonly prepared: PreparedFunction;
      readonly isFirst: boolean;
      /** From the beginning of the look to the answer of the node. */
      readonly elapsedMs: number;
    }
  | { readonly kind: 'refused'; readonly error: HairspringError; readonly isRunning: boolean };

/** A function under development: its files, and what of it runs. Disposing frees the bundler; the function stays deployed. */
export interface DevFunction extends AsyncDisposable {
  readonly file: string;
  /** What runs, if anything does. */
  readonly current: { readonly prepared: PreparedFunction; readonly deployed: DeployedFunction } | undefined;
  /** Files that the last good bundle was made of. */
  readonly inputs: readonly string[];
  /**
   * Reads the files again and deploys what has changed; with `force` also what has not. A name that `owners` gives to
   * another file is refused.
   */
  update(owners: ReadonlyMap<string, string>, force: boolean): Promise<UpdateOutcome>;
}

export interface DevTarget {
  readonly connection: ControlConnection;
  readonly nodeId: string;
}

/** @param undeployOld called with an id that this function has no more */
export function createDevFunction(
  file: string,
  { connection, nodeId }: DevTarget,
  undeployOld: (id: string) => Promise<void>,
): DevFunction {
  let current: DevFunction['current'];
  let inputs: readonly string[] = [];
  let lastFailure = '';
  let bundler: { readonly entry: string; readonly instance: Bundler } | undefined;

  async function bundle(entry: string, folder: string): ReturnType<Bundler['rebuild']> {
    if (bundler?.entry !== entry) {
      await bundler?.instance[Symbol.asyncDispose]();
      bundler = undefined;
      bundler = { entry, instance: await createBundler({ entry, folder }) };
    }
    return await bundler.instance.rebuild();
  }

  async function deployChanged(owners: ReadonlyMap<string, string>, force: boolean): Promise<UpdateOutcome> {
    const startedMs = performance.now();
    const prepared = await prepareFunction(file, bundle);
    const { name } = prepared.manifest;
    const owner = owners.get(name) ?? file;
    if (owner !== file) throw twinsRefused(name, shownPath(owner), shownPath(file));
    inputs = prepared.bundle?.inputs ?? [];
    if (!force && lastFailure === '' && current !== undefined && isSame(current.prepared, prepared)) {
      return { kind: 'unchanged' };
    }
    const before = current;
    // Who edits the Nexfile on a machine of theirs has approved it; they are told what it changes.
    const difference = await compareWithLive(connection, prepared);
    const deployed = await deployFunction(connection, prepared, { nodeId, difference, onlyIfLive: false });
    current = { prepared, deployed };
    lastFailure = '';
    if (before !== undefined && before.deployed.name !== deployed.name) {
      await undeployOld(before.deployed.id);
    }
    const elapsedMs = roundMs(performance.now() - startedMs);
    return { kind: 'deployed', deployed, prepared, isFirst: before === undefined, elapsedMs };
  }

  return {
    file,
    get current() {
      return current;
    },
    get inputs() {
      return inputs;
    },
    async update(owners, force) {
      try {
        return await deployChanged(owners, force);
      } catch (thrown) {
        const error = HairspringError.from(thrown);
        const failure = JSON.stringify(error.toWire());
        // One save may be seen twice; its error is told once.
        if (failure === lastFailure && !force) return { kind: 'unchanged' };
        lastFailure = failure;
        return { kind: 'refused', error, isRunning: current !== undefined };
      }
    },
    async [Symbol.asyncDispose]() {
      await bundler?.instance[Symbol.asyncDispose]();
    },
  };
}

function isSame(a: PreparedFunction, b: PreparedFunction): boolean {
  const head = ({ manifest: { name, description, tags } }: PreparedFunction): string =>
    JSON.stringify([name, description, tags]);
  return head(a) === head(b) && runRequestOf(a) === runRequestOf(b);
}
