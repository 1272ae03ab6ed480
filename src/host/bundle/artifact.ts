import { createHash } from 'node:crypto';
import { z } from 'zod';
import { HairspringError, HOST_LIMITS, type JavaScriptArtifact } from '../../core/index.ts';

const artifactSchema = z.strictObject({
  format: z.literal(1),
  type: z.literal('javascript'),
  code: z.string(),
  map: z.string(),
});

/**
 * The bytes of an artifact as they are stored and hashed: JSON with its keys in one order.
 * @throws HS_ARTIFACT_TOO_LARGE past HOST_LIMITS.artifactBytes
 */
export function encodeArtifact(artifact: JavaScriptArtifact): Uint8Array {
  const { format, type, code, map } = artifact;
  const bytes = new TextEncoder().encode(JSON.stringify({ format, type, code, map }));
  if (bytes.length > HOST_LIMITS.artifactBytes) {
    throw new HairspringError(
      'HS_ARTIFACT_TOO_LARGE',
      `Cannot make an artifact of ${bytes.length} bytes: the limit is ${HOST_LIMITS.artifactBytes} bytes, source map included`,
    );
  }
  return bytes;
}

/**
 * Reads what {@link encodeArtifact} wrote.
 * @throws HS_ARTIFACT_CORRUPT
 */
export function decodeArtifact(bytes: Uint8Array): JavaScriptArtifact {
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

/** Lower-case hex SHA-256, the name of an artifact. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
