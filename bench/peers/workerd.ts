import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Peer, PeerTask, RunningPeer } from './peer.ts';
import { CONTROL_DESCRIPTOR } from './program.ts';
import { compatibilityDate, WORKERD_LOADER_SCRIPT, workerdScript } from './scripts.ts';
import { startProgram } from './start-program.ts';

const CONFIG_START = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [ (name = "main", worker = .main) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ]
);
`;

/** One worker, which the configuration names. */
const STATIC_CONFIG = `${CONFIG_START}
const main :Workerd.Worker = (
  modules = [ (name = "main.js", esModule = embed "main.js") ],
  compatibilityDate = "${compatibilityDate()}"
);
`;

/** A worker that has the experimental loader make the others. */
const LOADER_CONFIG = `${CONFIG_START}
const main :Workerd.Worker = (
  modules = [
    (name = "loader.js", esModule = embed "loader.js"),
    (name = "source", text = embed "main.js")
  ],
  bindings = [ (name = "LOADER", workerLoader = ()) ],
  compatibilityDate = "${compatibilityDate()}",
  compatibilityFlags = ["experimental"]
);
`;

async function startWorkerd({ programs, code }: PeerTask, config: string): Promise<RunningPeer> {
  if (programs.workerd === undefined) throw new Error('workerd is not installed');
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'hairspring-bench-workerd-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'main.js'), workerdScript(code));
  await writeFile(join(folder, 'loader.js'), WORKERD_LOADER_SCRIPT);
  const file = join(folder, 'config.capnp');
  await writeFile(file, config);
  const { pid, port } = stack.use(
    await startProgram({
      command: programs.workerd.path,
      args: ['serve', file, '--experimental', `--control-fd=${CONTROL_DESCRIPTOR}`],
      environment: {},
      portFrom: 'control',
    }),
  );
  const owned = stack.move();
  return {
    addressOf: (tenant) => ({ transport: 'http', port, path: `/${tenant}` }),
    pids: async () => [pid],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export const WORKERD_STATIC: Peer = {
  id: 'workerd-static',
  title: 'workerd, a worker of its configuration (HTTP)',
  transport: 'http',
  isFloor: false,
  needs: 'workerd',
  underLoad: true,
  cold: undefined,
  notes: [],
  start: (task) => startWorkerd(task, STATIC_CONFIG),
};

export const WORKERD_DYNAMIC: Peer = {
  id: 'workerd-dynamic',
  title: 'workerd, a dynamic worker for each tenant (HTTP)',
  transport: 'http',
  isFloor: false,
  needs: 'workerd',
  underLoad: true,
  cold: 'first',
  notes: ['made by a workerLoader binding: a name for each tenant, the source as text, no outbound network'],
  start: (task) => startWorkerd(task, LOADER_CONFIG),
};
