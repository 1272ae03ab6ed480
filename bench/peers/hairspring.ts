/** Hairspring itself, in the same rounds as its peers and over both transports. */
import { type BenchFunction, deployCopies } from '../deploy.ts';
import type { Address, Peer, PeerTask, RunningPeer } from './peer.ts';
import { useHost } from './shared-host.ts';

/** Its functions: those over HTTP have the same source, and a wrapper as the peers have it. */
function functionsOf({ entry, tenants }: PeerTask, transport: Address['transport']) {
  const kind = `${entry.slice(0, entry.indexOf('.'))}${transport === 'http' ? '-http' : ''}`;
  return {
    entry: `${kind}.js`,
    functions: Array.from({ length: tenants }, (_, tenant): BenchFunction & { readonly route: string } => ({
      name: `${kind}-${tenant}`,
      subject: `bench.peers.hairspring.${kind}.${tenant}`,
      route: `/${kind}/${tenant}`,
      // So that the limit on concurrency does not queue what the generator has in flight.
      limits: { concurrency: 256 },
    })),
  };
}

async function deployAll(tasks: readonly PeerTask[], transport: Address['transport']): Promise<void> {
  for (const task of tasks) {
    await using _user = await useHost(task.site, task.tenants + 1);
    const { entry, functions } = functionsOf(task, transport);
    const deployed = transport === 'http' ? functions : functions.map(({ route: _route, ...rest }) => rest);
    await deployCopies(task.site.nc, entry, deployed, { distinct: true, padTo: task.padTo });
  }
}

async function start(task: PeerTask, transport: Address['transport']): Promise<RunningPeer> {
  await using stack = new AsyncDisposableStack();
  // All stay warm, so that no eviction falls into the measurement.
  const { host } = stack.use(await useHost(task.site, task.tenants + 1));
  const port = Number(new URL((await host.call('httpUrl', null)) ?? '').port);
  const { functions } = functionsOf(task, transport);
  const owned = stack.move();
  return {
    addressOf(tenant) {
      const { subject, route } = functions[tenant] ?? { subject: '', route: '' };
      return transport === 'nats' ? { transport, subject } : { transport, port, path: route };
    },
    pids: async () => [host.pid, ...(await host.call('cellPids', null))],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function peer(id: string, title: string, transport: Address['transport']): Peer {
  return {
    id,
    title,
    transport,
    isFloor: false,
    needs: undefined,
    underLoad: true,
    cold: 'first',
    settles: true,
    notes: [],
    prepare: (tasks) => deployAll(tasks, transport),
    start: (task) => start(task, transport),
  };
}

export const HAIRSPRING = peer('hairspring', 'Hairspring, an isolate for each function', 'nats');

export const HAIRSPRING_HTTP = peer(
  'hairspring-http',
  'Hairspring, an isolate for each function (HTTP)',
  'http',
);
