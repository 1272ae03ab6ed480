import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/nats-core';
import { ReplySubjects, silentLogger } from '../../src/core/index.ts';
import { lostError } from '../../src/host/cells/blame.ts';
import { CallerAnswers } from '../../src/host/cells/caller-answers.ts';
import { connectTo, startTestNats } from '../support/nats.ts';

test('Reply subjects that a journal should not name are passed over, and the others are answered', async () => {
  await using nats = await startTestNats();
  const nc = await connectTo(nats);
  const heard: string[] = [];
  nc.subscribe('>', { callback: (_error, message) => void heard.push(message.subject) });
  for (const subject of ['$JS.>', '$KV.>'])
    nc.subscribe(subject, { callback: (_error, message) => void heard.push(message.subject) });
  await nc.flush();
  const answers = new CallerAnswers({
    namespace: 'default',
    access: { nc },
    logger: silentLogger,
    replySubjects: new ReplySubjects(['also.>']),
  });
  for (const reply of [
    '$JS.API.STREAM.PURGE.X',
    '$KV.b.k',
    'a b',
    'a.*',
    '',
    'a\r\nPUB x 0',
    'x'.repeat(5_000),
    'orders.refund',
    '_HSCELL.c1.x',
    '_INBOX.good',
  ])
    answers.send({ reply, functionId: 'f' }, lostError());
  answers.send({ reply: '_INBOX.hostile', functionId: 'f\r\nPUB x 0' }, lostError());
  answers.sendBegun([{ reply: 'also.begun', functionId: undefined }], {
    guiltyId: undefined,
    error: lostError(),
  });
  await nc.flush();
  assert.deepEqual(
    heard.filter((subject) => subject !== '_INBOX.hostile'),
    ['_INBOX.good', 'also.begun'],
  );
  await nc.close();
});

test('Answers that the client forgets with one attempt to connect are given to it again, each of them', async () => {
  let outbound: string[] = [];
  let pongs: PromiseWithResolvers<void>[] = [];
  const nc = {
    publish: (subject: string) => void outbound.push(subject),
    flush: () => {
      const pong = Promise.withResolvers<void>();
      pongs.push(pong);
      return pong.promise;
    },
  } as unknown as NatsConnection;
  const take = (): readonly PromiseWithResolvers<void>[] => {
    const taken = pongs;
    pongs = [];
    return taken;
  };
  const answers = new CallerAnswers({
    namespace: 'default',
    access: { nc },
    logger: silentLogger,
    replySubjects: new ReplySubjects(['also.>']),
  });
  const replies = ['_a', '_b', '_c'];
  for (const reply of replies) answers.send({ reply, functionId: 'f' }, lostError());
  outbound = [];
  for (const { reject } of take()) reject(new Error('connection disconnected'));
  await sleep(1);
  for (const { resolve } of take()) resolve();
  await sleep(1);
  assert.deepEqual(outbound.toSorted(), replies);
  assert.equal(pongs.length, 0, 'nothing is left to be confirmed');
});
