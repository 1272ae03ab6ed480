import { HairspringError, isToken, NODE_BUCKETS } from '../../core/index.ts';

/** An object of a JetStream object store. */
export interface ObjectLocation {
  readonly bucket: string;
  readonly object: string;
}

/** `nats://hairspring-artifacts/sha256-<hex>`: where the artifact with this digest is. */
export function artifactUri(digest: string): string {
  return `nats://${NODE_BUCKETS.artifacts}/sha256-${digest}`;
}

/** The digest (lower-case hex SHA-256) of a uri that {@link artifactUri} made; undefined for any other. */
export function parseArtifactUri(uri: string): string | undefined {
  const match = /^nats:\/\/([^/]+)\/sha256-([0-9a-f]{64})$/.exec(uri);
  return match?.[1] === NODE_BUCKETS.artifacts ? match[2] : undefined;
}

/**
 * Parses `nats://BUCKET/NAME[:TAG]`. As in Nex the object is named `NAME_TAG`, with the tag `latest` where
 * none is given; an object named by its digest (`sha256-<hex>`) has no tag.
 * @throws HS_NEXFILE_INVALID
 */
export function parseObjectUri(uri: string): ObjectLocation {
  const match =
    /^nats:\/\/([^/]+)\/([A-Za-z0-9][A-Za-z0-9._/-]{0,254})(?::([A-Za-z0-9][A-Za-z0-9._-]{0,127}))?$/.exec(
      uri,
    );
  const [, bucket = '', name = '', tag] = match ?? [];
  if (match === null || !isToken(bucket)) {
    throw new HairspringError(
      'HS_NEXFILE_INVALID',
      `Cannot read ${JSON.stringify(uri.slice(0, 200))} as the uri of an object`,
      {
        hint: 'Write it like nats://BUCKET/NAME or nats://BUCKET/NAME:TAG',
      },
    );
  }
  if (tag === undefined && /^sha256-[0-9a-f]{64}$/.test(name)) return { bucket, object: name };
  return { bucket, object: `${name}_${tag ?? 'latest'}` };
}
