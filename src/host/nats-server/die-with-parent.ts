import { runTool } from './tool.ts';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * The command, wrapped so that the kernel ends it with SIGTERM when this process dies, even by SIGKILL. That
 * needs Linux and util-linux's setpriv, which replaces itself with the command and so keeps the process id.
 * Elsewhere the command is returned as it is, and a killed host leaves it running.
 */
export async function dieWithParent(command: Command): Promise<Command> {
  if (process.platform !== 'linux') return command;
  const wrapper = ['--pdeathsig', 'TERM'];
  const probe = await runTool('setpriv', [...wrapper, 'true'], { timeoutMs: 2_000 });
  if (!probe.ok) return command;
  return { file: 'setpriv', args: [...wrapper, '--', command.file, ...command.args] };
}
