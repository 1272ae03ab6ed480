import { availableParallelism } from 'node:os';
import type { NodeBackend } from './types.ts';

const GO_PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows', sunos: 'solaris' };
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** Tag that names one node exactly; Nex has only the name, which need not be unique. */
export const NODE_ID_TAG = 'hairspring.node_id';

/** Tag that says whether namespaces have accounts, and whose: `shared`, `own`, `delegated` (docs/accounts.md). */
export const ACCOUNTS_TAG = 'hairspring.accounts';

/** The node's own tags with Nex's standard ones (`nex.…`) over them; deploys are placed by these. */
export function nodeTags(backend: NodeBackend): Readonly<Record<string, string>> {
  return {
    ...backend.tags,
    'nex.os': GO_PLATFORMS[process.platform] ?? process.platform,
    'nex.arch': GO_ARCHITECTURES[process.arch] ?? process.arch,
    'nex.cpucount': String(availableParallelism()),
    'nex.lameduck': String(backend.state() === 'lameduck'),
    'nex.nexus': backend.nexus,
    'nex.node': backend.nodeName,
    [NODE_ID_TAG]: backend.nodeId,
  };
}

/** Whether `tags` has all of `wanted`. */
export function tagsMatch(
  tags: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>> | null | undefined,
): boolean {
  return Object.entries(wanted ?? {}).every(
    ([key, value]) => Object.hasOwn(tags, key) && tags[key] === value,
  );
}
