/** Holds a program that is not ours, so that it ends with the bench however that ends. */
import { childOptions, serveParent } from '../../src/measure/index.ts';
import { launchProgram, type Program, type ProgramAddress, type ProgramOptions } from './program.ts';

export type ProgramCommands = {
  /** Asked once; what goes wrong comes back as the error. */
  readonly start: { readonly params: null; readonly result: ProgramAddress };
};

const options = childOptions<ProgramOptions>();
let program: Program | undefined;
serveParent<ProgramCommands>(
  {
    async start() {
      program = await launchProgram(options);
      return { pid: program.pid, port: program.port };
    },
  },
  async () => await program?.[Symbol.asyncDispose](),
);
