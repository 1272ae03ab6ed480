import { type CheckResult, type FunctionSpec, HairspringError } from '../../core/index.ts';
import { guiltyCode } from './blame.ts';
import type { CellProcess } from './cell-process.ts';

/**
 * Has a cell load a function and throw its isolate away.
 * @throws the code that says why it does not load; HS_CELL_LOST when the cell was ended from outside meanwhile
 */
export async function checkInCell(cell: CellProcess, spec: FunctionSpec): Promise<CheckResult> {
  try {
    return await cell.command('check', { spec });
  } catch (error) {
    if (!HairspringError.is(error) || error.code !== 'HS_CELL_LOST') throw error;
    // One that did not answer in time has not ended yet.
    const ended = cell.state === 'dead';
    const { signal, killReason } = await cell.exited;
    if (ended && guiltyCode(killReason, signal) === undefined) {
      const message = `Cannot try whether ${spec.name} loads: its cell was ended from outside (${signal})`;
      const hint = 'Deploy it again; if that ends the same way, see whether the machine runs out of memory';
      throw new HairspringError('HS_CELL_LOST', message, { cause: error, hint });
    }
    const message = `Cannot load ${spec.name}: the code at the top level of its module brought the cell down`;
    throw new HairspringError('HS_FUNCTION_LOAD', message, { cause: error });
  }
}
