import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from '../../src/measure/index.ts';
import { NO_WARM, type Peer, type PeerTask, type RunningPeer } from './peer.ts';
import type { ProcessResponderOptions } from './process-responder.ts';
import { denoRunScript, denoServeScript } from './scripts.ts';
import { startProgram } from './start-program.ts';

/** A folder with the program and with what Deno caches of it. */
async function writeProgram(stack: AsyncDisposableStack, script: string) {
  const folder = await mkdtemp(join(tmpdir(), 'hairspring-bench-deno-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'main.js');
  await writeFile(file, script);
  return { file, environment: { DENO_DIR: join(folder, 'cache'), DENO_NO_UPDATE_CHECK: '1' } };
}

const RUN_ARGS = ['run', '--quiet', '--no-prompt', '--no-remote', '--no-npm', '--no-config'];

async function startServe({ programs, code }: PeerTask): Promise<RunningPeer> {
  if (programs.deno === undefined) throw new Error('Deno is not installed');
  await using stack = new AsyncDisposableStack();
  const { file, environment } = await writeProgram(stack, denoServeScript(code));
  const { pid, port } = stack.use(
    await startProgram({
      command: programs.deno.path,
      args: [...RUN_ARGS, '--allow-net=127.0.0.1', file],
      environment,
      portFrom: 'stdout',
    }),
  );
  const owned = stack.move();
  return {
    addressOf: () => ({ transport: 'http', port, path: '/' }),
    pids: async () => [pid],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startRun({ programs, code, site }: PeerTask): Promise<RunningPeer> {
  if (programs.deno === undefined) throw new Error('Deno is not installed');
  await using stack = new AsyncDisposableStack();
  const { file, environment } = await writeProgram(stack, denoRunScript(code));
  const subject = 'bench.peers.deno-run';
  const child = stack.use(
    await startChild(new URL('./process-responder.ts', import.meta.url), {
      url: site.nats.url,
      subject,
      command: programs.deno.path,
      args: [...RUN_ARGS, file],
      environment,
    } satisfies ProcessResponderOptions),
  );
  const owned = stack.move();
  return {
    addressOf: () => ({ transport: 'nats', subject }),
    pids: async () => [child.pid],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export const DENO_SERVE: Peer = {
  id: 'deno-serve',
  title: 'Deno.serve, a process for each tenant (HTTP)',
  transport: 'http',
  isFloor: false,
  needs: 'deno',
  underLoad: true,
  cold: undefined,
  notes: [],
  start: startServe,
};

export const DENO_RUN: Peer = {
  id: 'deno-run',
  title: '`deno run` for each request',
  transport: 'nats',
  isFloor: false,
  needs: 'deno',
  underLoad: false,
  cold: 'always',
  notes: ['its cache has the code since the first request', NO_WARM],
  start: startRun,
};
