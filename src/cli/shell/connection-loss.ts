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
  let refusal: Error | undefined;
  void tellStates(nc, output, (error) => {
    refusal = error;
  });
  const error = await nc.closed();
  // A client that is refused twice gives up, and says of that only that there is no server left.
  return natsFailure(refusal ?? error ?? new Error('the connection is closed'), action);
}

async function tellStates(nc: Connection, output: Output, onError: (error: Error) => void): Promise<void> {
  for await (const status of nc.status()) {
    if (status.type === 'error') onError(status.error);
    if (nc.isClosed()) continue;
    if (status.type === 'disconnect') output.note('The connection to NATS is lost; it is tried again');
    if (status.type === 'reconnect')
      output.note('The connection to NATS is back; what came meanwhile is not shown');
  }
}
