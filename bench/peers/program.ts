import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface ProgramAddress {
  readonly pid: number;
  readonly port: number;
}

/** A server that is not ours. Disposing ends it. */
export interface Program extends ProgramAddress, AsyncDisposable {}

export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Where it says its port: a line of JSON with `port`. */
  readonly portFrom: 'stdout' | 'control';
}

/** The descriptor of a program that `control` reads. */
export const CONTROL_DESCRIPTOR = 3;

const START_TIMEOUT_MS = 20_000;
const STOP_GRACE_MS = 5_000;
const MAX_ERROR_CHARS = 2_000;

/** Starts a program and waits until it has told its port. */
export async function launchProgram(options: ProgramOptions): Promise<Program> {
  const { command, args, environment, portFrom } = options;
  const child = spawn(command, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const lastErrors = keepErrors(child);
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    await exited;
    clearTimeout(kill);
  };
  const source = child.stdio[portFrom === 'stdout' ? 1 : CONTROL_DESCRIPTOR] as Readable;
  try {
    const port = await Promise.race([readPort(source), exited.then(() => undefined), timeOut()]);
    if (port === undefined) throw new Error(`${command} did not start: ${lastErrors()}`);
    return { pid: child.pid ?? 0, port, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Reads what nobody would, so that no pipe fills, and keeps the end of what it says of errors. */
function keepErrors({ stdout, stderr }: ChildProcess): () => string {
  let errors = '';
  stdout?.resume();
  stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-MAX_ERROR_CHARS);
  });
  return () => errors.trim();
}

async function timeOut(): Promise<undefined> {
  await new Promise((resolve) => {
    setTimeout(resolve, START_TIMEOUT_MS).unref();
  });
  return undefined;
}

async function readPort(source: Readable): Promise<number> {
  let text = '';
  source.setEncoding('utf8');
  return await new Promise((resolve) => {
    source.on('data', (chunk: string) => {
      text += chunk;
      const port = /"port": ?(\d+)\D/.exec(text)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}
