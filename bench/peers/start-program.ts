import { startChild } from '../../src/measure/index.ts';
import type { Program, ProgramOptions } from './program.ts';
import type { ProgramCommands } from './program-process.ts';

/** Starts a program under a process that ends it when the bench ends, killed or not. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  await using stack = new AsyncDisposableStack();
  const keeper = stack.use(
    await startChild<ProgramCommands>(new URL('./program-process.ts', import.meta.url), options),
  );
  const address = await keeper.call('start', null);
  const owned = stack.move();
  return { ...address, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
