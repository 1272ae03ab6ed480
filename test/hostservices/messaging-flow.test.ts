import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import type { HostCallResult } from '../../src/core/index.ts';
import { MESSAGING_LIMITS } from '../../src/hostservices/messaging/limits.ts';
import { MessagingBudgets } from '../../src/hostservices/messaging/provider.ts';
import { callerOf, openMessaging } from '../support/messaging.ts';
import { turns, until } from '../support/turns.ts';

/** A connection whose server takes messages when it is told to. */
class SlowServer {
  readonly sent: string[] = [];
  readonly flushes: (() => void)[] = [];
  readonly #bus: ReturnType<typeof openMessaging>;

  constructor(budgets?: MessagingBudgets) {
    const connection = {
      info: { max_payload: 2 ** 20 },
      flush: () => new Promise<void>((resolve) => this.flushes.push(resolve)),
      publish: (subject: string) => this.sent.push(subject),
      status: () => new ReadableStream(),
    } as unknown as NatsConnection;
    this.#bus = openMessaging(connection, { publish: ['out.*'] }, budgets === undefined ? {} : { budgets });
  }

  /** Publishes so many messages at once. */
  publish(count: number, bytes: number): Promise<HostCallResult>[] {
    return Array.from({ length: count }, (_, index) =>
      this.#bus.call('publish', [`out.${index}`, '0'], new Uint8Array(bytes), callerOf()),
    );
  }

  /** Takes what comes until `work` is done. */
  async takeDuring(work: Promise<unknown>): Promise<void> {
    const pump = setInterval(() => this.flushes.shift()?.(), 1);
    await work;
    clearInterval(pump);
  }
}

const codesOf = async (outcomes: readonly Promise<HostCallResult>[]): Promise<string[]> =>
  (await Promise.allSettled(outcomes)).map((one) => (one.status === 'rejected' ? one.reason.code : 'sent'));

const MIB = 2 ** 20;
/** Messages of a MiB that may wait. */
const WAITING = MESSAGING_LIMITS.waitingBytes / MIB;

test('Messages that the server does not take yet wait, up to a bound', async () => {
  const server = new SlowServer();
  const outcomes = server.publish(40, MIB);
  await until(() => server.flushes.length === 1);
  assert.ok(server.sent.length <= 2, `${server.sent.length} went out`);
  assert.deepEqual(new Set(await codesOf(outcomes.slice(-10))), new Set(['HS_MESSAGING_OVERLOADED']));
  await server.takeDuring(Promise.allSettled(outcomes));
  const codes = await codesOf(outcomes);
  assert.equal(server.sent.length, codes.filter((code) => code === 'sent').length);
  assert.equal(server.sent.length, 2 + WAITING);
});

test('Each time that the server has taken some, no more go out than it may leave untaken', async () => {
  const server = new SlowServer();
  const waiting = server.publish(2 + WAITING, MIB);
  await turns();
  const before = server.sent.length;
  server.flushes.shift()?.();
  await turns();
  assert.ok(server.sent.length - before <= 2, `${server.sent.length - before} went out`);
  await server.takeDuring(Promise.all(waiting));
});

test('However many messages were sent at once before, a server that stops taking them is sent no more', async () => {
  const server = new SlowServer();
  for (let round = 0; round < 5; round += 1) {
    const burst = server.publish(24, MIB / 8);
    await server.takeDuring(Promise.all(burst));
  }
  const before = server.sent.length;
  assert.equal(before, 5 * 24);
  const waiting = server.publish(64, MIB / 8);
  await turns(20);
  assert.ok(server.sent.length - before <= 9, `${server.sent.length - before} went out`);
  await server.takeDuring(Promise.all(waiting));
});

test('The connections of a cell share what may wait, and one that need not wait is not in its way', async () => {
  const budgets = new MessagingBudgets();
  const [stuck, other, free] = [new SlowServer(budgets), new SlowServer(budgets), new SlowServer(budgets)];
  const waiting = stuck.publish(2 + WAITING, MIB);
  await turns();
  const [, , third] = other.publish(3, MIB);
  assert.deepEqual(await codesOf(third === undefined ? [] : [third]), ['HS_MESSAGING_OVERLOADED']);
  await free.takeDuring(Promise.all(free.publish(2, MIB)));
  await stuck.takeDuring(Promise.all(waiting));
  assert.equal(budgets.unsent.bytes, 0);
});
