import type { Command } from 'commander';
import { HairspringError } from '../../core/index.ts';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import type { ExitCode } from '../shell/exit-codes.ts';
import { renderTable } from '../shell/table.ts';
import type { EnvTypes } from '../types/write-env-types.ts';

interface TypesFlags {
  readonly check?: true;
}

/** `types`: what a handler finds in `env`, as TypeScript knows it. */
export function addTypes(program: Command, shell: Shell): void {
  defineCommand(program, {
    usage: 'types [path]',
    summary: 'Write the types of what handlers find in env',
    details:
      'PATH is a Nexfile, a folder with one, or a folder of such folders (the working folder by default). ' +
      'Beside each Nexfile it writes hairspring-env.d.ts, with an interface Env of its bindings and its ' +
      'environment, for Handler<Env>. Functions of type wasm have none and are skipped.',
    examples: ['types', 'types examples', 'types --check'],
  })
    .option('--check', 'write nothing, and fail when a file is out of date')
    .action(runs(shell, types));
}

async function types(
  { output }: CommandContext,
  path: string | undefined,
  flags: TypesFlags,
): Promise<ExitCode | undefined> {
  const { findNexfiles } = await import('../../host/index.ts');
  const { writeEnvTypes } = await import('../types/write-env-types.ts');
  const functions: EnvTypes[] = [];
  for (const file of await findNexfiles(path ?? '.'))
    functions.push(await writeEnvTypes(file, flags.check === true));
  const stale = functions.filter(({ state }) => state === 'stale');
  if (stale.length > 0) {
    const files = stale.map(({ file }) => `"${file}"`).join(', ');
    throw new HairspringError(
      'HS_TYPES_STALE',
      `The types of env are not those of the Nexfile: ${files} ${stale.length === 1 ? 'is' : 'are'} out of date`,
    );
  }
  output.result({ functions }, () =>
    renderTable(
      functions.map(({ name, file, state }) => [
        state === 'written' ? output.paint.green('✓') : output.paint.dim('–'),
        output.paint.bold(name),
        state,
        state === 'skipped' ? 'a function of type wasm has no env' : file,
      ]),
    ),
  );
  return undefined;
}
