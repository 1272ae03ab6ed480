import { putArtifact } from '../src/control/index.ts';
import { DefinitionStore } from '../src/host/deployments/definition-store.ts';
import { toDefinition } from '../src/host/deployments/deploy-request.ts';
import { parseStartRequest } from '../src/host/manifest/index.ts';
import type { Site } from './bench-run.ts';
import { type BenchFunction, bundlePadded, requestOf } from './deploy.ts';

/**
 * Writes a function into each of some namespaces, as the control plane would have after deploying it there. A node
 * finds them at its next start; none has run before.
 */
export async function seedNamespaces(
  site: Site,
  entry: string,
  one: BenchFunction,
  namespaces: readonly string[],
): Promise<void> {
  const { digest, bytes } = await bundlePadded(entry, 0);
  const nc = await site.connectAsNode();
  await using _closed = { [Symbol.asyncDispose]: () => nc.close() };
  await putArtifact(nc, digest, bytes);
  const store = await DefinitionStore.open(nc);
  const request = requestOf(digest, one);
  const start = parseStartRequest(request.run_request);
  const artifact = { digest, bytes: bytes.length };
  for (const namespace of namespaces)
    await store.put(toDefinition({ ...request, namespace }, start, artifact, undefined, new Date()), 0);
}
