import { Command } from 'commander';
import { addBench } from './commands/bench.ts';
import { addBindings } from './commands/bindings.ts';
import { addCancel } from './commands/cancel.ts';
import { addDeploy } from './commands/deploy.ts';
import { addDev } from './commands/dev.ts';
import { addDoctor } from './commands/doctor.ts';
import { addInfo } from './commands/info.ts';
import { addInit } from './commands/init.ts';
import { addInvoke } from './commands/invoke.ts';
import { addLameDuck } from './commands/lameduck.ts';
import { addList } from './commands/list.ts';
import { addLogs } from './commands/logs.ts';
import { addNodes } from './commands/nodes.ts';
import { addSecret } from './commands/secret.ts';
import { addTypes } from './commands/types.ts';
import { addUndeploy } from './commands/undeploy.ts';
import { addUp } from './commands/up.ts';
import type { Shell } from './shell/command.ts';
import { addGlobalOptions } from './shell/global-options.ts';

/** In the order in which a newcomer needs them. */
const COMMANDS = [
  addInit,
  addTypes,
  addDev,
  addBindings,
  addBench,
  addUp,
  addDeploy,
  addInvoke,
  addList,
  addInfo,
  addLogs,
  addCancel,
  addUndeploy,
  addSecret,
  addNodes,
  addLameDuck,
  addDoctor,
];

/**
 * The program with all its commands. It throws commander's errors, and prints help and version alone; what commander
 * would say of an error, which is the help of a command that lacks one of its own, goes to `onError`.
 */
export function createProgram(
  shell: Shell,
  versionText: string,
  onError: (text: string) => void = () => undefined,
): Command {
  const program = new Command('hairspring')
    .description('Serverless functions for NATS: deployed idle, woken by a subject')
    .version(versionText, '-V, --version', 'print the versions of hairspring, Node and V8')
    .exitOverride()
    .configureOutput({ writeErr: onError })
    .configureHelp({
      sortSubcommands: false,
      subcommandTerm: (command) => `${command.name()} ${command.usage()}`,
    })
    .enablePositionalOptions()
    .helpCommand('help [command]', 'Print the help of a command');
  for (const add of COMMANDS) add(program, shell);
  for (const command of [program, ...program.commands.flatMap(withSubcommands)]) addGlobalOptions(command);
  program.addHelpText(
    'after',
    "\nExamples:\n  $ hairspring init hello\n  $ hairspring dev hello\n  $ nats req hello.ada ''",
  );
  return program;
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands];
}
