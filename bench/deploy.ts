import { fileURLToPath } from 'node:url';
import type { NatsConnection } from '@nats-io/transport-node';
import { type ControlClient, createControlClient, putArtifact } from '../src/control/index.ts';
import { artifactUri, bundleFunction } from '../src/host/index.ts';

/** The namespace of everything that the bench deploys: one cell. */
export const NAMESPACE = 'bench';

export interface BenchFunction {
  readonly name: string;
  readonly subject: string;
  /** As in a Nexfile. */
  readonly bindings?: Readonly<Record<string, object>>;
  /** As in a Nexfile. */
  readonly limits?: Readonly<Record<string, string | number>>;
}

const FOLDER = fileURLToPath(new URL('./functions/', import.meta.url));

/** Deploys copies of one source file of bench/functions, as the CLI would, some at a time. */
export async function deployCopies(
  nc: NatsConnection,
  entry: string,
  functions: readonly BenchFunction[],
  atOnce = 1,
): Promise<void> {
  const { digest, bytes } = await bundleFunction({ entry, folder: FOLDER });
  await putArtifact(nc, digest, bytes);
  const client = createControlClient(nc, { namespace: NAMESPACE, timeoutMs: 30_000 });
  const queue = [...functions];
  const deployNext = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      await deployOne(client, digest, next);
  };
  await Promise.all(Array.from({ length: atOnce }, deployNext));
}

async function deployOne(
  client: ControlClient,
  digest: string,
  { name, subject, bindings = {}, limits = {} }: BenchFunction,
): Promise<void> {
  await client.deploy({
    name,
    description: 'Deployed by the bench',
    workload_type: 'javascript',
    workload_lifecycle: 'function',
    tags: {},
    run_request: JSON.stringify({
      uri: artifactUri(digest),
      triggers: [{ subject }],
      bindings,
      limits,
    }),
  });
}
