export { cpuBetween, type LoadCpu, type LoadPids, sampleCpu } from '../../src/measure/index.ts';
