import { type BenchFunction, deployCopies } from '../deploy.ts';
import type { Peer, PeerTask } from './peer.ts';

const subjectOf = ({ entry }: PeerTask, tenant: number): string =>
  `bench.peers.hairspring.${entry.split('.', 1)[0]}.${tenant}`;

function functionsOf(task: PeerTask): readonly BenchFunction[] {
  return Array.from({ length: task.tenants }, (_, tenant) => ({
    name: `${task.entry.split('.', 1)[0]}-${tenant}`,
    subject: subjectOf(task, tenant),
    // So that the limit on concurrency does not queue what the generator has in flight.
    limits: { concurrency: 256 },
  }));
}

/** Hairspring itself, in the same rounds as its peers. */
export const HAIRSPRING: Peer = {
  id: 'hairspring',
  title: 'Hairspring, an isolate for each function',
  transport: 'nats',
  isFloor: false,
  needs: undefined,
  underLoad: true,
  cold: 'first',
  settles: true,
  notes: [],
  async prepare(tasks) {
    const [first] = tasks;
    if (first === undefined) return;
    await using _host = await first.site.startHost({});
    for (const task of tasks) {
      const { site, entry, padTo } = task;
      await deployCopies(site.nc, entry, functionsOf(task), { distinct: true, padTo });
    }
  },
  async start(task) {
    // All stay warm, so that no eviction falls into the measurement.
    const host = await task.site.startHost({ warmInstances: task.tenants + 1 });
    return {
      addressOf: (tenant) => ({ transport: 'nats', subject: subjectOf(task, tenant) }),
      pids: async () => [host.pid, ...(await host.call('cellPids', null))],
      [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
    };
  },
};
