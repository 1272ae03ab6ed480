import { createHash } from 'node:crypto';
import { nuid } from '@nats-io/nuid';
import type { NatsConnection } from '@nats-io/transport-node';
import { getArtifact, getObject, type StartWorkloadRequest } from '../../control/index.ts';
import {
  type ArtifactRef,
  FUNCTION_TYPES,
  type FunctionDefinition,
  type FunctionType,
  HairspringError,
  isFunctionType,
  isToken,
  type StartRequest,
  SYSTEM_NAMESPACE,
} from '../../core/index.ts';
import { wrapBytes, wrapScript } from '../bundle/index.ts';
import { parseArtifactUri, parseObjectUri, startRequestToWire } from '../manifest/index.ts';
import type { ArtifactCache } from './artifact-cache.ts';

/** @throws HS_NEXFILE_INVALID when name, type, lifecycle or namespace are not what this node runs */
export function checkDeployRequest(request: StartWorkloadRequest): void {
  const refuse = (what: string, hint: string): never => {
    throw new HairspringError('HS_NEXFILE_INVALID', `Cannot deploy "${request.name}": ${what}`, { hint });
  };
  if (!isToken(request.name))
    refuse(`"${request.name}" is not a function name`, 'Use 1 to 64 letters, digits, - and _');
  if (!isToken(request.namespace))
    refuse(`"${request.namespace}" is not a namespace`, 'Use 1 to 64 letters, digits, - and _');
  if (request.namespace === SYSTEM_NAMESPACE)
    refuse('the namespace "system" belongs to the nodes', 'Name another with --namespace');
  if (!isFunctionType(request.workload_type))
    refuse(`its type is "${request.workload_type}"`, `This node runs ${FUNCTION_TYPES.join(' and ')}`);
  if (request.workload_lifecycle !== 'function')
    refuse(`its lifecycle is "${request.workload_lifecycle}"`, 'Write lifecycle: function');
}

/** Where artifacts are. */
export interface ArtifactPlaces {
  /** The account of the nodes, which keeps them. */
  readonly nc: NatsConnection;
  /** The account of the namespace, whose clients bring them; perhaps the same. */
  readonly own: NatsConnection;
  readonly cache: ArtifactCache;
  /** Whether a function of the namespace has the artifact already. */
  readonly isOwn: (digest: string) => boolean;
}

/** @throws HS_DEPLOY_CONFLICT when the live version is not the one that the caller has compared with */
export function checkExpected(request: StartWorkloadRequest, live: FunctionDefinition | undefined): void {
  const { name, expected_version: expected } = request;
  if (expected === undefined || expected === (live?.version ?? '')) return;
  const found = live === undefined ? 'no version is live' : `version ${live.version} is live`;
  const compared = expected === '' ? 'none was' : `${expected} was`;
  throw new HairspringError(
    'HS_DEPLOY_CONFLICT',
    `Cannot deploy "${name}": ${found} by now, and ${compared} when the grants were compared`,
    { hint: 'Deploy again, which compares with the version that is live by then' },
  );
}

/**
 * The artifact that the request names, on this node: one that the client bundled and stored, or plain
 * JavaScript in an object store, which is bundled here. The store of the nodes gets it with the definition.
 * @throws HS_SOURCE_MISSING, HS_SOURCE_INVALID, HS_ARTIFACT_MISSING, HS_ARTIFACT_CORRUPT
 */
export async function resolveArtifact(
  places: ArtifactPlaces,
  { name, workload_type: type }: StartWorkloadRequest,
  { source, wasm }: StartRequest,
): Promise<ArtifactRef> {
  const { nc, own, cache } = places;
  if (source.kind === 'main') {
    throw new HairspringError(
      'HS_SOURCE_MISSING',
      `Cannot deploy "${name}": "${source.path}" is a file of the deployer`,
      {
        hint: 'Deploy with `hairspring deploy`, which bundles and uploads it, or name an object with uri: nats://BUCKET/NAME',
      },
    );
  }
  const digest = parseArtifactUri(source.uri);
  if (digest !== undefined) {
    if (own !== nc) await takeIn(places, digest);
    const artifact = await cache.ensure(digest);
    const made = cache.typeOf(digest);
    if (made === toFunctionType(type)) return artifact;
    throw new HairspringError(
      'HS_ARTIFACT_CORRUPT',
      `Cannot deploy "${name}": its type is "${type}", and its artifact is one of type "${made}"`,
      { hint: 'Deploy it with `hairspring deploy`, which makes the artifact that the Nexfile asks for' },
    );
  }
  const { bucket, object } = parseObjectUri(source.uri);
  const bytes = await getObject(own, bucket, object);
  const bundle =
    type === 'wasm'
      ? wrapBytes(bytes, undefined, wasm.reuse)
      : await wrapScript(new TextDecoder().decode(bytes), object);
  cache.store(bundle.digest, bundle.bytes);
  return { digest: bundle.digest, bytes: bundle.bytes.length };
}

/** Takes an artifact from where a client has put it. It stays there for the deployments that have found it there. */
async function takeIn({ own, cache, isOwn }: ArtifactPlaces, digest: string): Promise<void> {
  let bytes: Uint8Array;
  try {
    bytes = await getArtifact(own, digest);
  } catch (error) {
    // Brought by an earlier deployment. What others have brought is not had by naming it.
    if (HairspringError.is(error) && error.code === 'HS_ARTIFACT_MISSING' && isOwn(digest)) return;
    throw error;
  }
  cache.take(digest, bytes);
}

function toFunctionType(type: string): FunctionType {
  return type === 'wasm' ? 'wasm' : 'javascript';
}

/** The definition that a request asks for; its id is that of the function it replaces. */
export function toDefinition(
  request: StartWorkloadRequest,
  start: StartRequest,
  artifact: ArtifactRef,
  previous: FunctionDefinition | undefined,
  now: Date,
): FunctionDefinition {
  const configuration = JSON.stringify([
    artifact.digest,
    startRequestToWire(start, { kind: 'uri', uri: '' }),
    request.description,
    request.tags,
    request.metadata,
  ]);
  return {
    format: 1,
    id: previous?.id ?? nuid.next(),
    namespace: request.namespace,
    name: request.name,
    type: toFunctionType(request.workload_type),
    version: createHash('sha256').update(configuration).digest('hex').slice(0, 12),
    description: request.description,
    tags: request.tags ?? {},
    metadata: request.metadata ?? {},
    artifact,
    triggers: start.triggers,
    bindings: start.bindings,
    environment: start.environment,
    limits: start.limits,
    deployedAt: now.toISOString(),
    runRequest: request.run_request,
  };
}
