import type { HostChild, Site } from '../bench-run.ts';
import { NAMESPACE } from '../deploy.ts';

interface Shared {
  readonly host: Promise<HostChild>;
  users: number;
}

const hosts = new WeakMap<Site, Shared>();

/** A user of the one host that a site has while there are any. */
export interface HostUser extends AsyncDisposable {
  readonly host: HostChild;
}

/**
 * Starts the host of a site unless it runs. Both ways to ask Hairspring use the same one, because two hosts would
 * share the work of a namespace.
 */
export async function useHost(site: Site, warmInstances: number): Promise<HostUser> {
  let shared = hosts.get(site);
  if (shared === undefined) {
    const http = { host: '127.0.0.1', port: 0, names: {}, ownNamespace: NAMESPACE };
    shared = { host: site.startHost({ warmInstances, http }), users: 0 };
    hosts.set(site, shared);
  }
  const { host } = shared;
  shared.users += 1;
  const used = shared;
  const running = await host;
  let isLeft = false;
  return {
    host: running,
    async [Symbol.asyncDispose]() {
      if (isLeft) return;
      isLeft = true;
      used.users -= 1;
      if (used.users > 0) return;
      hosts.delete(site);
      await running[Symbol.asyncDispose]();
    },
  };
}
