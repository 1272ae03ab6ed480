import { spawn } from 'node:child_process';
import { missing, reportFailure } from './runtime.js';

/**
 * Runs `runtime` with `args` in this process's place: same stdio, signals passed on, and this process ends as
 * the child ends, by the same exit code or signal.
 */
export function runUnder(runtime, args) {
  const child = spawn(runtime, args, { stdio: 'inherit' });
  const forward = (signal) => child.kill(signal);
  // A terminal sends these to the whole foreground group, so the child has them already; twice means "at once".
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const own = () => undefined;
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGQUIT']) process.on(signal, hasTerminal ? own : forward);
  for (const signal of ['SIGTERM', 'SIGUSR2']) process.on(signal, forward);
  child.on('error', (error) => {
    reportFailure(
      missing(
        `"${runtime}" does not run here (${error.message})`,
        'The bundled Node needs glibc; on a musl system such as Alpine install Node 26 and start with it',
      ),
    );
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // Not reached where the signal ends this process, as it ended the child.
    setTimeout(() => process.exit(1), 1_000);
  });
}
