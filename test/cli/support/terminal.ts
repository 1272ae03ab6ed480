/** A terminal for a program that a test starts. */

import assert from 'node:assert/strict';
import { type ChildProcess, type StdioOptions, spawn, spawnSync } from 'node:child_process';

/** A program that runs a command line in a pseudo-terminal, and passes on what that prints. */
interface TerminalTool {
  readonly file: string;
  readonly args: (command: string) => readonly string[];
}

const PROBE_MS = 10_000;
const PTY = 'import pty, sys; pty.spawn(["/bin/sh", "-c", sys.argv[1]])';

/** Each does on some systems, and none is on all of them: script(1) takes other arguments on a BSD than on Linux. */
const TOOLS: readonly TerminalTool[] = [
  { file: 'script', args: (command) => ['-qfec', command, '/dev/null'] },
  { file: 'script', args: (command) => ['-q', '/dev/null', '/bin/sh', '-c', command] },
  { file: 'python3', args: (command) => ['-c', PTY, command] },
];

/** The first that works; undefined when there is none on this machine. */
const terminalTool: TerminalTool | undefined = TOOLS.find(({ file, args }) => {
  const { status, stdout } = spawnSync(file, args('test -t 1 && echo works'), {
    encoding: 'utf8',
    timeout: PROBE_MS,
  });
  return status === 0 && stdout.includes('works');
});

/** Why a test that needs a terminal is skipped, in the form of `node:test`. */
export const noTerminal: string | false =
  terminalTool === undefined ? 'neither script(1) nor python3 makes a terminal here' : false;

/** Runs `command` of a shell in a terminal, which is closed when the process is killed that is returned. */
export function startInTerminal(command: string, stdio: StdioOptions): ChildProcess {
  const { file, args } = terminalTool ?? assert.fail('there is no terminal');
  return spawn(file, args(command), { stdio });
}
