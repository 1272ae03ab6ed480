export { type Child, type CommandMap, startChild } from '../../src/measure/index.ts';
