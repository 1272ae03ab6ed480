import { natsFailure } from '../../control/index.ts';
import type { HairspringError } from '../../core/index.ts';
import type { Connection } from './connection.ts';
import type { Output } from './output.ts';

/**
 * Tells people when the connection of a command that goes on is lost and when it is back.
 * @returns why it will not come back, as when the credentials have expired
 */
export async function watchConnection(
  nc: Connection,
  output: Output,
  action: string,
): Promise<HairspringError> {
  void tellStates(nc, output);
  const error = await nc.closed();
  return natsFailure(error ?? new Error('the connection is closed'), action);
}

async function tellStates(nc: Connection, output: Output): Promise<void> {
  for await (const { type } of nc.status()) {
    if (nc.isClosed()) return;
    if (type === 'disconnect') output.note('The connection to NATS is lost; it is tried again');
    if (type === 'reconnect') output.note('The connection to NATS is back; what came meanwhile is not shown');
  }
}
