import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Artifact, formatBytes, HairspringError, HOST_LIMITS } from '../../core/index.ts';

const artifactSchema: z.ZodType<Artifact> = z.discriminatedUnion('type', [
  z.strictObject({ format: z.literal(1), type: z.literal('javascript'), code: z.string(), map: z.string() }),
  z.strictObject({
    format: z.literal(1),
    type: z.literal('wasm'),
    module: z.base64(),
    files: z.record(z.string(), z.base64()).optional(),
    reuse: z.boolean(),
  }),
]);

/**
 * The bytes of an artifact as they are stored and hashed: JSON with its keys in one order.
 * @throws HS_ARTIFACT_TOO_LARGE past HOST_LIMITS.artifactBytes
 */
export function encodeArtifact(artifact: Artifact): Uint8Array {
  const bytes = new TextEncoder().encode(JSON.stringify(inOrder(artifact)));
  if (bytes.length > HOST_LIMITS.artifactBytes) {
    throw new HairspringError(
      'HS_ARTIFACT_TOO_LARGE',
      `Cannot make an artifact of ${bytes.length} bytes: the limit is ${formatBytes(HOST_LIMITS.artifactBytes)}, source map included`,
    );
  }
  return bytes;
}

/**
 * Reads what {@link encodeArtifact} wrote.
 * @throws HS_ARTIFACT_CORRUPT
 */
export function decodeArtifact(bytes: Uint8Array): Artifact {
  try {
    return artifactSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw new HairspringError(
      'HS_ARTIFACT_CORRUPT',
      `Cannot read an artifact of ${bytes.length} bytes: it is not of format 1`,
      {
        cause,
      },
    );
  }
}

function inOrder(artifact: Artifact): Artifact {
  if (artifact.type === 'javascript') {
    const { format, type, code, map } = artifact;
    return { format, type, code, map };
  }
  const { format, type, module, files, reuse } = artifact;
  const names = files === undefined ? undefined : Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  return { format, type, module, files: names === undefined ? undefined : Object.fromEntries(names), reuse };
}

/** Lower-case hex SHA-256, the name of an artifact. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
