import { putArtifact } from '../../control/index.ts';
import { isHttpTrigger, type Source } from '../../core/index.ts';
import { artifactUri, startRequestToWire } from '../../host/index.ts';
import type { ControlConnection } from '../shell/connection.ts';
import { roundMs } from '../shell/format.ts';
import { describeTrigger } from './describe.ts';
import type { GrantDifference, GrantLine } from './grants.ts';
import { type PreparedFunction, shownPath } from './prepare.ts';
import { warningsOf } from './warnings.ts';

/** What a deployment came to; the JSON of `deploy --json`. */
export interface DeployedFunction {
  readonly name: string;
  readonly namespace: string;
  readonly id: string;
  readonly version: string;
  readonly file: string;
  readonly triggers: readonly string[];
  /** Size of the artifact, source map included; 0 when the code came from elsewhere. */
  readonly artifactBytes: number;
  readonly elapsedMs: number;
  /** Whether the version that was live already is the same. */
  readonly unchanged: boolean;
  /** How what it may reach differs from the version before; empty when there was none. */
  readonly grants: readonly GrantLine[];
  /** Of the bundler, and of what looks like a secret in the environment. */
  readonly warnings: readonly string[];
}

export interface DeployFunctionOptions {
  /** Deploy to this node and no other. */
  readonly nodeId?: string | undefined;
  readonly difference: GrantDifference;
  /** Whether the node is to refuse it when the live version is not the one of the difference any more. */
  readonly onlyIfLive: boolean;
}

/**
 * Uploads the artifact, unless it is there, and deploys to a node.
 * @throws HS_NO_NODE, HS_NATS_…, HS_DEPLOY_CONFLICT, and what the node says of the function
 */
export async function deployFunction(
  { nc, client }: ControlConnection,
  prepared: PreparedFunction,
  { nodeId, difference, onlyIfLive }: DeployFunctionOptions,
): Promise<DeployedFunction> {
  const startedMs = performance.now();
  const { manifest, bundle, file } = prepared;
  if (bundle !== undefined) await putArtifact(nc, bundle.digest, bundle.bytes);
  const { id } = await client.deploy(
    {
      name: manifest.name,
      description: manifest.description,
      workload_type: manifest.type,
      workload_lifecycle: manifest.lifecycle,
      run_request: runRequestOf(prepared),
      tags: manifest.tags,
      ...(onlyIfLive ? { expected_version: difference.liveVersion } : {}),
    },
    nodeId === undefined ? {} : { nodeId },
  );
  const { definition } = await client.info(id);
  // Another node may have answered that does not serve it yet.
  const live = await client.live(manifest.name);
  const version = live?.version ?? definition.version;
  return {
    name: manifest.name,
    namespace: definition.namespace,
    id,
    version,
    file: shownPath(file),
    triggers: triggersOf(prepared),
    artifactBytes: bundle?.bytes.byteLength ?? 0,
    elapsedMs: roundMs(performance.now() - startedMs),
    unchanged: version === difference.liveVersion,
    grants: difference.changes,
    warnings: warningsOf(prepared),
  };
}

/** The JSON text that the node gets; equal texts mean equal functions. */
export function runRequestOf({ manifest, bundle }: PreparedFunction): string {
  const source: Source =
    bundle === undefined ? manifest.start.source : { kind: 'uri', uri: artifactUri(bundle.digest) };
  return JSON.stringify(startRequestToWire(manifest.start, source));
}

export function triggersOf({ manifest }: PreparedFunction): readonly string[] {
  return manifest.start.triggers.map((trigger) =>
    isHttpTrigger(trigger) ? describeTrigger(trigger) : trigger.pattern,
  );
}
