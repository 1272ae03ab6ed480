/**
 * The cell process: runs the functions of one namespace, or one function that is quarantined. Started by the host with
 * CellOptions in its first argument.
 */
import type { CellOptions } from '../core/index.ts';
import { startCell } from './cell.ts';

// Errors leave a cell as code and message; their stacks would only cost.
Error.stackTraceLimit = 0;

await startCell(JSON.parse(process.argv[2] ?? '{}') as CellOptions);
