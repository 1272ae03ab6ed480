import type { ServerInfo } from '@nats-io/transport-node';
import { HairspringError } from '../../core/index.ts';

/** The first version of nats-server that heeds the life of a single message; older ones keep it and say nothing. */
const TTL_VERSION = [2, 11] as const;

/** @throws HS_KV_UNSUPPORTED when the server is too old to give single values a life of their own */
export function checkTtlVersion(
  nc: { readonly info?: Pick<ServerInfo, 'version'> | undefined },
  action: string,
): void {
  const { version = '' } = nc.info ?? {};
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > TTL_VERSION[0] || (major === TTL_VERSION[0] && minor >= TTL_VERSION[1])) return;
  throw new HairspringError(
    'HS_KV_UNSUPPORTED',
    `Cannot ${action}: single values have a life of their own from nats-server ${TTL_VERSION.join('.')} on, and this is "${version}"`,
  );
}
