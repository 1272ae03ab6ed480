import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { HairspringError, isToken } from '../../core/index.ts';
import { createTemplate, type Template } from '../init/templates.ts';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import { exists } from '../shell/exists.ts';
import type { ExitCode } from '../shell/exit-codes.ts';

interface InitFlags {
  readonly typescript?: true;
}

/** `init`: a new function to begin with. */
export function addInit(program: Command, shell: Shell): void {
  defineCommand(program, {
    usage: 'init <name>',
    summary: 'Make a folder with a new function',
    details:
      'NAME is the folder to make, and its last part the name of the function. A folder with files in it is refused.',
    examples: ['init hello', 'init functions/orders --typescript'],
  })
    .option('--typescript', 'write TypeScript instead of JavaScript')
    .action(runs(shell, init));
}

async function init(
  { output }: CommandContext,
  path: string,
  flags: InitFlags,
): Promise<ExitCode | undefined> {
  if (path === '')
    throw new HairspringError('HS_USAGE', 'Cannot make a folder without a name', {
      hint: 'Name it, as in `hairspring init hello`',
    });
  const folder = resolve(path);
  const name = basename(folder);
  if (!isToken(name)) {
    throw new HairspringError('HS_USAGE', `Cannot name a function "${name}"`, {
      hint: 'Use 1 to 64 letters, digits, - or _',
    });
  }
  const template = createTemplate(name, flags.typescript === true, await findPackage(folder));
  await writeTemplate(folder, path, template);
  const files = Object.keys(template).map((file) => join(path, file));
  output.result({ name, folder, files }, () =>
    [
      `${output.paint.green('✓')} ${output.paint.bold(name)} is in ${path}`,
      ...files.map((file) => `    ${file}`),
      '',
      'Next:',
      `  ${output.paint.cyan(`hairspring dev ${path}`)}`,
      `  ${output.paint.cyan(`nats req ${name}.ada ''`)}`,
    ].join('\n'),
  );
  return undefined;
}

/** Where npm has put this package for the project that the folder is in; undefined where it is installed elsewhere. */
async function findPackage(folder: string): Promise<string | undefined> {
  for (let at = folder; dirname(at) !== at; at = dirname(at)) {
    const found = join(at, 'node_modules', 'hairspring');
    if (!(await exists(found))) continue;
    const path = relative(folder, found).replaceAll('\\', '/');
    return path.startsWith('.') ? path : `./${path}`;
  }
  return undefined;
}

async function writeTemplate(folder: string, path: string, template: Template): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length > 0) {
      throw new HairspringError('HS_USAGE', `Cannot make "${path}": the folder is not empty`, {
        hint: 'Choose a name that is not taken yet',
      });
    }
    for (const [file, text] of Object.entries(template)) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text, { flag: 'wx' });
    }
  } catch (error) {
    if (HairspringError.is(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new HairspringError('HS_USAGE', `Cannot make "${path}": ${reason}`, {
      cause: error,
      hint: 'Choose a folder that can be written',
    });
  }
}
