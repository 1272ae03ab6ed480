import type { ServerInfo } from '@nats-io/transport-node';
import { HairspringError, NATS_SERVER_VERSIONS, natsServerHas } from '../../core/index.ts';

/** @throws HS_KV_UNSUPPORTED when the server is too old to give single values a life of their own */
export function checkTtlVersion(
  nc: { readonly info?: Pick<ServerInfo, 'version'> | undefined },
  action: string,
): void {
  const { version = '' } = nc.info ?? {};
  const { keyTtl } = NATS_SERVER_VERSIONS;
  if (natsServerHas(version, keyTtl)) return;
  throw new HairspringError(
    'HS_KV_UNSUPPORTED',
    `Cannot ${action}: single values have a life of their own from nats-server ${keyTtl} on, and this is "${version}"`,
  );
}
