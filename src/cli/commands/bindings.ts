import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { HairspringError, type Manifest } from '../../core/index.ts';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import type { ExitCode } from '../shell/exit-codes.ts';

interface BindingsFlags {
  readonly data?: string;
  readonly generalize?: number;
}

interface NamedFile {
  readonly file: string;
  readonly manifest: Manifest;
}

/** `bindings suggest`: the smallest grants that cover what was called. */
export function addBindings(program: Command, shell: Shell): void {
  const command = defineCommand(program, {
    usage: 'bindings <action> [target]',
    summary: 'Suggest the smallest bindings that cover what functions call',
    details:
      'ACTION is suggest. TARGET is the name of a function in or below the working folder, a Nexfile, a folder ' +
      'with one, or a folder of such folders (the working folder by default). ' +
      'Reads what `hairspring dev --observe` has recorded, and prints YAML for each Nexfile: what could be ' +
      'narrower, what was refused for want of a grant, and which bindings nothing has used.',
    examples: ['bindings suggest', 'bindings suggest hello', 'bindings suggest examples --generalize 3'],
  })
    .option(
      '--data <folder>',
      'data folder of the recording (by default .hairspring beside each Nexfile or above)',
    )
    .option(
      '--generalize <count>',
      'make one pattern of more than so many subjects or URLs that differ in their last part alone',
      parseCount,
    )
    .action(runs(shell, bindings));
  command.registeredArguments[0]?.choices(['suggest']);
}

async function bindings(
  { output, options }: CommandContext,
  _action: string,
  target: string | undefined,
  { data, generalize }: BindingsFlags,
): Promise<ExitCode | undefined> {
  const { shownPath } = await import('../deploy/prepare.ts');
  const { readRecording } = await import('../bindings/recording.ts');
  const { suggestFor } = await import('../bindings/suggest.ts');
  const { renderSuggestions } = await import('../bindings/render.ts');
  const functions = (await findFunctions(target)).map(({ file, manifest }) => {
    const folders = data === undefined ? dataFolders(file) : [data];
    const recordings = folders.flatMap((folder) => readRecording(folder) ?? []);
    return suggestFor(manifest, shownPath(file), recordings, { namespace: options.namespace, generalize });
  });
  if (!functions.some(({ observed }) => observed)) {
    const names = functions.map(({ name }) => `"${name}"`).join(', ');
    throw new HairspringError(
      'HS_NOTHING_OBSERVED',
      `Cannot suggest bindings of ${names}: no call in namespace "${options.namespace}" is recorded`,
    );
  }
  output.result({ functions }, () => renderSuggestions(functions, output.paint));
  return undefined;
}

/** The functions that `target` means: a path where there is one, else a name. */
async function findFunctions(target: string | undefined): Promise<readonly NamedFile[]> {
  const { findNexfiles } = await import('../../host/index.ts');
  const { readManifest } = await import('../deploy/prepare.ts');
  const isPath = target === undefined || (await stat(target).catch(() => undefined)) !== undefined;
  const found: NamedFile[] = [];
  for (const file of await findNexfiles(isPath ? (target ?? '.') : '.'))
    found.push({ file, manifest: await readManifest(file) });
  if (isPath) return found;
  const named = found.filter(({ manifest }) => manifest.name === target);
  if (named.length > 0) return named;
  throw new HairspringError(
    'HS_USAGE',
    `Cannot find "${target}": it is neither a path nor a function in or below the working folder`,
    { hint: `The functions here are ${found.map(({ manifest }) => manifest.name).join(', ')}` },
  );
}

/** Where `dev` has its data, started on the function or on the folder that holds it. */
function dataFolders(file: string): readonly string[] {
  const folder = dirname(file);
  return [folder, dirname(folder)].map((each) => join(each, '.hairspring'));
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number from 1 to 9999.');
}
