import {
  type Artifact,
  type Binding,
  HairspringError,
  isSubjectTrigger,
  type Manifest,
  parseRoute,
  type Trigger,
} from '../../core/index.ts';
import { digestOf, encodeArtifact } from '../../host/index.ts';
import { deployFunction } from '../deploy/deploy-function.ts';
import type { PreparedFunction } from '../deploy/prepare.ts';
import type { ControlConnection } from '../shell/connection.ts';

/** Deployments under way at once. */
const AT_ONCE = 4;
const NOTHING_LIVE = { liveVersion: '', changes: [], widening: [] } as const;

export const copyName = (index: number): string => `bench-copy-${index}`;
/** A route belongs to one function, so that copies have theirs below their own names. */
export const copyPath = (index: number, path: string): string => `/${copyName(index)}${path}`;

/** Deploys a function as its Nexfile says, but that its buckets are made where they would have to be there. */
export async function deployHere(
  connection: ControlConnection,
  prepared: PreparedFunction,
  nodeId: string,
): Promise<void> {
  const manifest = withOwnBuckets(prepared.manifest);
  const options = { nodeId, difference: NOTHING_LIVE, onlyIfLive: false };
  await deployFunction(connection, { ...prepared, manifest }, options);
}

/**
 * Deploys copies of a function, each with code of its own as different programs have, so that each start is one of
 * code that its cell has not seen.
 */
export async function deployCopies(
  connection: ControlConnection,
  prepared: PreparedFunction,
  nodeId: string,
  count: number,
): Promise<void> {
  await deployEach(connection, nodeId, count, (index) => copyOf(prepared, index));
}

/** Deploys copies that have the code of the function itself, and names behind those of the first `after` copies. */
export async function deployIdleCopies(
  connection: ControlConnection,
  prepared: PreparedFunction,
  nodeId: string,
  { after, count }: { readonly after: number; readonly count: number },
): Promise<void> {
  const { bundle } = prepared;
  await deployEach(connection, nodeId, count, (index) => ({ ...copyOf(prepared, after + index), bundle }));
}

async function deployEach(
  connection: ControlConnection,
  nodeId: string,
  count: number,
  copyAt: (index: number) => PreparedFunction,
): Promise<void> {
  let next = 0;
  const deployNext = async (): Promise<void> => {
    while (next < count) {
      const copy = copyAt(next);
      next += 1;
      await deployHere(connection, copy, nodeId);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, deployNext));
}

function copyOf({ file, manifest, bundle }: PreparedFunction, index: number): PreparedFunction {
  const name = copyName(index);
  const { start } = manifest;
  // One that is made ahead would not be woken by its first message.
  const limits = { ...start.limits, minWarm: 0 };
  const triggers = start.triggers.map((trigger) => triggerOfCopy(trigger, index));
  const artifact = bundle === undefined ? undefined : distinct(bundle.artifact, name);
  const bytes = artifact === undefined ? undefined : encodeArtifact(artifact);
  return {
    file,
    manifest: { ...manifest, name, start: { ...start, limits, triggers } },
    bundle:
      bundle === undefined || artifact === undefined || bytes === undefined
        ? undefined
        : { ...bundle, artifact, bytes, digest: digestOf(bytes) },
  };
}

function triggerOfCopy(trigger: Trigger, index: number): Trigger {
  if (isSubjectTrigger(trigger)) return trigger;
  const route = parseRoute(copyPath(index, trigger.pattern));
  if (typeof route !== 'string') return { ...trigger, ...route };
  throw new HairspringError(
    'HS_USAGE',
    `Cannot measure "${trigger.pattern}" below "/${copyName(index)}": ${route}`,
  );
}

/** The same program with `name` in it where it does nothing. */
export function distinct(artifact: Artifact, name: string): Artifact {
  if (artifact.type === 'javascript') return { ...artifact, code: `${artifact.code}\n// ${name}` };
  // A custom section with the name and no content, which core modules and components may have at their end.
  const section = Buffer.from([0, name.length + 1, name.length, ...Buffer.from(name)]);
  const module = Buffer.concat([Buffer.from(artifact.module, 'base64'), section]);
  return { ...artifact, module: module.toString('base64') };
}

/** The server is new, so that nothing can be there already. */
function withOwnBuckets(manifest: Manifest): Manifest {
  const { start } = manifest;
  const bindings = Object.entries(start.bindings).map(([label, binding]): [string, Binding] => [
    label,
    'existing' in binding ? { ...binding, existing: false } : binding,
  ]);
  return { ...manifest, start: { ...start, bindings: Object.fromEntries(bindings) } };
}
