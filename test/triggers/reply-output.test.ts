import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import fc from 'fast-check';
import { REPLY_HEADERS } from '../../src/core/index.ts';
import { HeaderBlock, ReplyOutput } from '../../src/triggers/subject/reply-output.ts';
import { ReplyWriter } from '../../src/triggers/subject/reply-writer.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { startRelay } from '../support/relay.ts';

const HEADERS = new HeaderBlock(Buffer.from('NATS/1.0\r\nworkload_id: w\r\nname: é\r\n\r\n'));

async function once(nc: NatsConnection, type: string): Promise<void> {
  for await (const status of nc.status()) if (status.type === type) return;
}

/** Short, so that a failure can be read. */
function fingerprint(bytes: Buffer): string {
  return `${bytes.length}:${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`;
}

test('Replies written as frames arrive whole and in order, whatever their size and bytes', async () => {
  await using server = await startTestNats();
  const sender = await connectTo(server);
  const receiver = await connectTo(server);
  const got: Buffer[] = [];
  receiver.subscribe('_INBOX.frames', {
    callback: (_error, message) => {
      got.push(Buffer.from(message.data));
    },
  });
  await receiver.flush();
  const output = ReplyOutput.of(sender);
  const payload = fc.oneof(
    fc.string({ maxLength: 200, unit: 'binary' }).map((text) => text.toWellFormed()),
    fc.uint8Array({ maxLength: 200 }),
    fc.integer({ min: 15_000, max: 70_000 }).map((length) => 'é'.repeat(length / 2)),
    fc.integer({ min: 15_000, max: 70_000 }).map((length) => new Uint8Array(length).fill(13)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(payload, { minLength: 1, maxLength: 40 }), async (payloads) => {
      got.length = 0;
      for (const one of payloads) output.publish('_INBOX.frames', HEADERS, one);
      await Promise.resolve(); // They go out at the end of the turn.
      await sender.flush();
      await receiver.flush();
      assert.deepEqual(
        got.map(fingerprint),
        payloads.map((one) => fingerprint(Buffer.from(one as string))),
      );
    }),
    { numRuns: 60 },
  );
  await sender.close();
  await receiver.close();
});

test('A connection has one output, so that the replies of all its functions go out together', async () => {
  await using server = await startTestNats();
  const nc = await connectTo(server);
  assert.equal(ReplyOutput.of(nc), ReplyOutput.of(nc));
  await nc.close();
});

test('Replies past what waits for a connection are lost and counted, and the first of them are told as such', async () => {
  await using server = await startTestNats();
  await using relay = await startRelay(server);
  const nc = await connectTo(
    { ...server, url: relay.url },
    { reconnectTimeWait: 50, maxReconnectAttempts: -1 },
  );
  const receiver = await connectTo(server);
  let received = 0;
  receiver.subscribe('_INBOX.many', {
    callback: () => {
      received += 1;
    },
  });
  await receiver.flush();
  const output = ReplyOutput.of(nc);
  const lost: [number, boolean][] = [];
  output.onLost((...told) => lost.push(told));
  const given = 8_000;
  for (let outage = 0; outage < 2; outage += 1) {
    lost.length = 0;
    received = 0;
    relay.cut();
    await once(nc, 'disconnect');
    // A long one goes out by itself, the others together.
    for (let index = 0; index < given; index += 1)
      output.publish('_INBOX.many', HEADERS, 'x'.repeat(index % 2 === 0 ? 100 : 20_000));
    await Promise.resolve();
    const back = once(nc, 'reconnect');
    relay.admit();
    await back;
    await nc.flush();
    await receiver.flush();
    const count = lost.reduce((sum, [replies]) => sum + replies, 0);
    assert.ok(count > 0, 'none was lost');
    assert.equal(received, given - count);
    assert.deepEqual(
      lost.map(([, isFirst]) => isFirst),
      lost.map((_told, index) => index === 0),
    );
  }
  await nc.close();
  await receiver.close();
});

test('Of replies that wait for a connection, those are told to be too large that the next server does not take', async () => {
  const first = await startTestNats();
  await using relay = await startRelay(first);
  const nc = await connectTo({ url: relay.url }, { reconnectTimeWait: 50, maxReconnectAttempts: -1 });
  const identity = { workloadId: 'w', namespace: 'n' };
  const writer = new ReplyWriter(nc, identity);
  relay.cut();
  await once(nc, 'disconnect');
  const { port } = first;
  await first[Symbol.asyncDispose]();
  await using folder = await mkdtempDisposable(join(tmpdir(), 'hairspring-payload-'));
  const file = join(folder.path, 'nats.conf');
  await writeFile(file, 'max_payload: 2000\n');
  await using second = await startTestNats({ port, extraArguments: ['-c', file] });
  const receiver = await connectTo(second);
  const got: string[] = [];
  receiver.subscribe('_INBOX.sizes.*', {
    callback: (_error, message) => {
      const { headers, data } = message;
      const code = headers?.get(REPLY_HEADERS.code) || data.length;
      got.push(`${message.subject.slice(-1)} ${headers?.get(REPLY_HEADERS.workloadId)} ${code}`);
    },
  });
  await receiver.flush();
  // Sent together and, the last one, by itself.
  for (const [index, size] of [10, 2_500, 1_900, 20_000].entries())
    writer.succeed(`_INBOX.sizes.${index}`, { payload: 'x'.repeat(size), headers: [] });
  const back = once(nc, 'reconnect');
  relay.admit();
  await back;
  await nc.flush();
  await receiver.flush();
  assert.deepEqual(got, ['0 w 10', '1 w HS_REPLY_TOO_LARGE', '2 w 1900', '3 w HS_REPLY_TOO_LARGE']);
  await nc.close();
  await receiver.close();
});
