import assert from 'node:assert/strict';
import { errors, type Msg, type NatsConnection } from '@nats-io/nats-core';

/** Sends `body` (an object as JSON) and gives the reply. */
export function request(nc: NatsConnection, subject: string, body: unknown = ''): Promise<Msg> {
  return nc.request(subject, typeof body === 'string' ? body : JSON.stringify(body), { timeout: 5_000 });
}

/** Asserts that somebody listens on `subject` and does not answer. */
export async function assertSilent(nc: NatsConnection, subject: string, body: unknown): Promise<void> {
  await assert.rejects(
    nc.request(subject, JSON.stringify(body), { timeout: 300 }),
    (error) => error instanceof errors.TimeoutError,
    `expected silence on ${subject}`,
  );
}

/** Asserts the error form of the control plane: NATS micro's headers, ours, and the body. */
export function assertErrorReply(msg: Msg, status: string, code: string): void {
  assert.equal(msg.headers?.get('Nats-Service-Error-Code'), status);
  assert.equal(msg.headers?.get('Hairspring-Error'), code);
  const body = msg.json<{ error_id: string; error: string; hairspring: { code: string; message: string } }>();
  assert.match(body.error_id, /^[A-Za-z0-9]{22}$/);
  assert.equal(body.hairspring.code, code);
  assert.equal(body.hairspring.message, body.error);
}
