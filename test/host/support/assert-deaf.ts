import assert from 'node:assert/strict';
import type { NatsConnection } from '@nats-io/transport-node';

/** The server lets the user of `nc` not listen on `subject`. */
export async function assertDeaf(nc: NatsConnection, subject: string): Promise<void> {
  const subscription = nc.subscribe(subject, { max: 1 });
  await assert.rejects(
    (async () => {
      for await (const _message of subscription) break;
    })(),
    /Permissions Violation/i,
    subject,
  );
}
