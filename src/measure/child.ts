import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a child can be asked: parameters and result of each command. */
export type CommandMap<Commands> = {
  [Name in keyof Commands]: { readonly params: unknown; readonly result: unknown };
};

export interface CommandMessage {
  readonly id: number;
  readonly name: string;
  readonly params: unknown;
}

export type ChildMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number; readonly message: string };

/** A process that measures or is measured. Disposing has it stop cleanly; after 15 s it is killed. */
export interface Child<Commands extends CommandMap<Commands>> extends AsyncDisposable {
  readonly pid: number;
  /** From the fork until it was ready to be asked. */
  readonly startMs: number;
  call<Name extends keyof Commands & string>(
    name: Name,
    params: Commands[Name]['params'],
  ): Promise<Commands[Name]['result']>;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

const STOP_GRACE_MS = 15_000;

/** The module `name` in the folder of the module at `base`, as source or as published. */
export function scriptBeside(base: string, name: string): URL {
  return new URL(`./${name}.${base.endsWith('.ts') ? 'ts' : 'js'}`, base);
}

/** How a child runs, beside what it does. */
export interface ChildSettings {
  /** Whether what it writes to stderr is not shown. @default false */
  readonly isSilent?: boolean;
  /** @default this process's */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Starts `script`, a module that calls `serveParent`, with `options` as its first argument in JSON. What it writes to
 * stderr is shown; its stdout goes nowhere.
 */
export async function startChild<Commands extends CommandMap<Commands>>(
  script: URL,
  options: object,
  { isSilent = false, env }: ChildSettings = {},
): Promise<Child<Commands>> {
  const startedAt = performance.now();
  const process = fork(fileURLToPath(script), [JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', isSilent ? 'ignore' : 'inherit', 'ipc'],
    ...(env === undefined ? {} : { env }),
  });
  const pending = new Map<number, Pending>();
  const exited = new Promise<void>((resolve) => {
    process.once('exit', () => resolve());
  });
  const ready = new Promise<void>((resolve, reject) => {
    process.on('message', (message) => onMessage(message as ChildMessage, pending, resolve));
    process.once('error', reject);
    process.once('exit', (code, signal) => {
      const error = new Error(`${script.pathname} ended (${signal ?? `exit code ${code}`})`);
      reject(error);
      for (const { reject: fail } of pending.values()) fail(error);
    });
  });
  await ready;
  let lastId = 0;
  let stopped: Promise<void> | undefined;
  return {
    pid: process.pid ?? 0,
    startMs: performance.now() - startedAt,
    async call(name, params) {
      lastId += 1;
      const id = lastId;
      return await new Promise((resolve, reject) => {
        if (!process.connected) {
          reject(new Error(`${script.pathname} has ended`));
          return;
        }
        pending.set(id, { resolve, reject });
        process.send({ id, name, params } satisfies CommandMessage);
      });
    },
    [Symbol.asyncDispose]: () => (stopped ??= stop(process, exited)),
  };
}

function onMessage(message: ChildMessage, pending: Map<number, Pending>, onReady: () => void): void {
  if (message.type === 'ready') {
    onReady();
    return;
  }
  const waiting = pending.get(message.id);
  pending.delete(message.id);
  if (message.type === 'result') waiting?.resolve(message.result);
  else waiting?.reject(new Error(message.message));
}

async function stop(process: ChildProcess, exited: Promise<void>): Promise<void> {
  if (process.connected) process.disconnect();
  const kill = setTimeout(() => process.kill('SIGKILL'), STOP_GRACE_MS);
  await exited;
  clearTimeout(kill);
}
