import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { HairspringError } from '../core/index.ts';
import { isJetStreamCode, isNoResponders, natsFailure } from './nats-failure.ts';

/** The oldest server that has all that Hairspring uses. */
const MIN_SERVER_VERSION = '2.10.0';

const JETSTREAM_NOT_ENABLED = 10076;
const JETSTREAM_NOT_ENABLED_FOR_ACCOUNT = 10039;

/**
 * Checks that the server is new enough and that the account has JetStream.
 * @throws HS_NATS_VERSION, HS_NATS_JETSTREAM, HS_NATS_REFUSED, HS_NATS_UNREACHABLE
 */
export async function requireServer(nc: NatsConnection): Promise<void> {
  const version = nc.info?.version ?? 'unknown';
  if (!isAtLeast(version, MIN_SERVER_VERSION)) {
    throw new HairspringError(
      'HS_NATS_VERSION',
      `Cannot use nats-server ${version} at ${nc.getServer()}: Hairspring needs ${MIN_SERVER_VERSION} or newer`,
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

function isAtLeast(version: string, floor: string): boolean {
  const own = numbersOf(version);
  const wanted = numbersOf(floor);
  if (own === undefined || wanted === undefined) return false;
  for (const [index, number] of wanted.entries()) {
    const difference = (own[index] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbersOf(version: string): number[] | undefined {
  return /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
}
