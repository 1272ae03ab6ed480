import { type FunctionSpec, formatBytes, HairspringError, MAX_HEADER_BYTES } from '../../core/index.ts';

/** Why a message with a header block of so many bytes is not taken, if it is not: HS_PAYLOAD_TOO_LARGE. */
export function refuseSize(
  { name, limits }: FunctionSpec,
  headerBytes: number,
  dataBytes: number,
): HairspringError | undefined {
  if (headerBytes > MAX_HEADER_BYTES) {
    const detail = `${headerBytes} bytes of headers exceed the limit of ${formatBytes(MAX_HEADER_BYTES)}`;
    return new HairspringError('HS_PAYLOAD_TOO_LARGE', `Cannot invoke ${name}: ${detail}`);
  }
  const bytes = headerBytes + dataBytes;
  if (bytes <= limits.payloadBytes) return undefined;
  const detail = `${bytes} bytes, headers included, exceed limits.payload of ${formatBytes(limits.payloadBytes)}`;
  return new HairspringError('HS_PAYLOAD_TOO_LARGE', `Cannot invoke ${name}: ${detail}`);
}
