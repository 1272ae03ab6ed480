/** The peers that Node itself gives. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild, startHttpEchoProcess } from '../../src/measure/index.ts';
import { startEcho, startNodeWasi } from '../bench-run.ts';
import { buildModule } from '../wasm-module.ts';
import { NO_WARM, type Peer, type PeerTask, type RunningPeer } from './peer.ts';
import type { ProcessResponderOptions } from './process-responder.ts';
import { nodeRunScript } from './scripts.ts';
import type { WorkerResponderOptions } from './worker-responder.ts';

/** A responder over NATS in one process, on one subject for all tenants. */
function running(child: { readonly pid: number } & AsyncDisposable, subject: string): RunningPeer {
  return {
    addressOf: () => ({ transport: 'nats', subject }),
    pids: async () => [child.pid],
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

export const NATS_ECHO: Peer = {
  id: 'nats-echo',
  title: 'bare nats.js echo (floor of NATS)',
  transport: 'nats',
  isFloor: true,
  needs: undefined,
  underLoad: true,
  cold: 'never',
  notes: [],
  async start({ site }) {
    const subject = 'bench.peers.nats-echo';
    return running(await startEcho({ url: site.nats.url, subject }), subject);
  },
};

export const NODE_HTTP: Peer = {
  id: 'node-http',
  title: 'bare node:http echo (floor of HTTP)',
  transport: 'http',
  isFloor: true,
  needs: undefined,
  underLoad: true,
  cold: 'never',
  notes: [],
  async start() {
    const child = await startHttpEchoProcess();
    const port = await child.call('port', null);
    return {
      addressOf: () => ({ transport: 'http', port, path: '/' }),
      pids: async () => [child.pid],
      [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
    };
  },
};

async function startWorkers({ site, code }: PeerTask, batched: boolean): Promise<RunningPeer> {
  const prefix = `bench.peers.worker-${batched ? 'batches' : 'messages'}`;
  const options: WorkerResponderOptions = { url: site.nats.url, prefix, code, batched };
  const child = await startChild(new URL('./worker-responder.ts', import.meta.url), options);
  return {
    addressOf: (tenant) => ({ transport: 'nats', subject: `${prefix}.${tenant}` }),
    pids: async () => [child.pid],
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** As pools of workers do it. */
export const WORKER_THREADS: Peer = {
  id: 'worker-threads',
  title: 'node:worker_threads, a worker for each tenant, a message for each request',
  transport: 'nats',
  isFloor: false,
  needs: undefined,
  underLoad: true,
  cold: 'first',
  notes: [],
  start: (task) => startWorkers(task, false),
};

/** As Hairspring does it with its isolates. */
export const WORKER_THREADS_BATCHED: Peer = {
  id: 'worker-threads-batched',
  title: 'node:worker_threads, a worker for each tenant, a message for all requests of one read',
  transport: 'nats',
  isFloor: false,
  needs: undefined,
  underLoad: true,
  cold: undefined,
  notes: [],
  start: (task) => startWorkers(task, true),
};

export const CHILD_PROCESS: Peer = {
  id: 'child-process',
  title: 'node:child_process, a Node process for each request',
  transport: 'nats',
  isFloor: false,
  needs: undefined,
  underLoad: true,
  minWindowMs: 700,
  cold: 'always',
  notes: [NO_WARM],
  async start({ site, code }) {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'hairspring-bench-node-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'main.cjs');
    await writeFile(file, nodeRunScript(code));
    const subject = 'bench.peers.child-process';
    const child = stack.use(
      await startChild(new URL('./process-responder.ts', import.meta.url), {
        url: site.nats.url,
        subject,
        command: process.execPath,
        args: [file],
        environment: {},
      } satisfies ProcessResponderOptions),
    );
    const owned = stack.move();
    return {
      ...running(child, subject),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
};

export const NODE_WASI: Peer = {
  id: 'node-wasi',
  title: 'node:wasi, a WebAssembly command with a fresh instance each time',
  transport: 'nats',
  isFloor: false,
  needs: undefined,
  underLoad: true,
  minWindowMs: 700,
  cold: undefined,
  notes: ['Node says of it that it is no sandbox'],
  async start({ site }) {
    const subject = 'bench.peers.node-wasi';
    const module = Buffer.from(await buildModule('echo-command')).toString('base64');
    return running(await startNodeWasi({ url: site.nats.url, subject, module }), subject);
  },
};
