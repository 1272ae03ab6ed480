import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { HairspringError, NATS_SERVER_VERSIONS, natsServerHas } from '../core/index.ts';
import { isJetStreamCode, isNoResponders, natsFailure } from './nats-failure.ts';

const JETSTREAM_NOT_ENABLED = 10076;
const JETSTREAM_NOT_ENABLED_FOR_ACCOUNT = 10039;

/**
 * Checks that the server is new enough and that the account has JetStream.
 * @throws HS_NATS_VERSION, HS_NATS_JETSTREAM, HS_NATS_REFUSED, HS_NATS_UNREACHABLE
 */
export async function requireServer(nc: NatsConnection): Promise<void> {
  const version = nc.info?.version ?? 'unknown';
  const { minimum } = NATS_SERVER_VERSIONS;
  if (!natsServerHas(version, minimum)) {
    throw new HairspringError(
      'HS_NATS_VERSION',
      `Cannot use nats-server ${version} at ${nc.getServer()}: Hairspring needs ${minimum} or newer`,
    );
  }
  try {
    await jetstreamManager(nc);
  } catch (error) {
    if (
      isNoResponders(error) ||
      isJetStreamCode(error, JETSTREAM_NOT_ENABLED) ||
      isJetStreamCode(error, JETSTREAM_NOT_ENABLED_FOR_ACCOUNT)
    ) {
      throw jetStreamMissing(nc, error);
    }
    throw natsFailure(error, 'Cannot check JetStream');
  }
}

function jetStreamMissing(nc: NatsConnection, cause: unknown): HairspringError {
  const where = nc.info?.jetstream === true ? 'for this account' : 'on this server';
  return new HairspringError(
    'HS_NATS_JETSTREAM',
    `Cannot use the server at ${nc.getServer()}: JetStream is not enabled ${where}`,
    { cause },
  );
}
