import { HairspringError, systemClock } from '../../core/index.ts';
import { findNexfiles } from '../../host/index.ts';
import { createDevFunction, type DevFunction, type DevTarget } from './dev-function.ts';
import type { DevLines } from './dev-lines.ts';
import { findOwners, isHeldByOther } from './owners.ts';

/** Editors that move the old file away leave the place empty for a moment. */
const GONE_AFTER_MS = 200;

/** All functions below a path. Disposing waits for what goes on, and leaves them deployed. */
export interface DevFunctions extends AsyncDisposable {
  list(): readonly DevFunction[];
  nameOf(functionId: string): string | undefined;
  /** Brings what runs in line with the files. Calls while one goes on are put together into one more. */
  refresh(force?: boolean): Promise<void>;
}

export function createDevFunctions(
  path: string,
  target: DevTarget,
  lines: DevLines,
  afterRefresh: (inputs: readonly string[]) => Promise<void>,
): DevFunctions {
  const functions = new Map<string, DevFunction>();
  const names = new Map<string, string>();
  let running: Promise<void> | undefined;
  let next: { force: boolean } | undefined;
  let disposed = false;

  /** Leaves what another function runs under; tells whether it has undeployed. */
  async function undeployOf(one: DevFunction, id: string): Promise<boolean> {
    if (isHeldByOther(functions.values(), one, id)) return false;
    await target.connection.client.undeploy(id);
    return true;
  }

  function add(file: string): DevFunction {
    const added = createDevFunction(file, target, async (id) => void (await undeployOf(added, id)));
    functions.set(file, added);
    return added;
  }

  async function removeGone(found: readonly string[]): Promise<void> {
    const isGone = (files: readonly string[]): DevFunction[] =>
      [...functions.values()].filter(({ file }) => !files.includes(file));
    if (isGone(found).length === 0) return;
    await systemClock.sleep(GONE_AFTER_MS);
    for (const gone of isGone(await findAll(path))) {
      functions.delete(gone.file);
      await gone[Symbol.asyncDispose]();
      const { current } = gone;
      if (current === undefined || !(await undeployOf(gone, current.deployed.id))) continue;
      lines.undeployed(current.deployed.name);
    }
  }

  async function refreshOnce(force: boolean): Promise<void> {
    try {
      const found = await findAll(path);
      await removeGone(found);
      const present = found.map((file) => functions.get(file) ?? add(file));
      const owners = await findOwners(present);
      for (const each of present) {
        const outcome = await each.update(owners, force);
        if (outcome.kind === 'deployed') names.set(outcome.deployed.id, outcome.deployed.name);
        lines.update(outcome);
      }
    } catch (error) {
      lines.failure(HairspringError.from(error));
    }
    const files = [...functions.values()].flatMap(({ file, inputs }) => [file, ...inputs]);
    await afterRefresh(files);
  }

  async function work(): Promise<void> {
    while (next !== undefined && !disposed) {
      const { force } = next;
      next = undefined;
      await refreshOnce(force);
    }
    running = undefined;
  }

  return {
    list: () => [...functions.values()],
    nameOf: (functionId) => names.get(functionId),
    refresh(force = false) {
      next = { force: force || next?.force === true };
      running ??= work();
      return running;
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      await running;
      await Promise.all([...functions.values()].map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

/** As findNexfiles, with none being an empty list. */
async function findAll(path: string): Promise<readonly string[]> {
  try {
    return await findNexfiles(path);
  } catch (error) {
    if (HairspringError.is(error) && error.code === 'HS_NEXFILE_MISSING') return [];
    throw error;
  }
}
