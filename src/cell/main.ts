/** The cell process: runs the functions of one trust group. Started by the host with CellOptions in its first argument. */
import type { CellOptions } from '../core/index.ts';
import { startCell } from './cell.ts';

await startCell(JSON.parse(process.argv[2] ?? '{}') as CellOptions);
