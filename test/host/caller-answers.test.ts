import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../../src/core/index.ts';
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
  const answers = new CallerAnswers({ namespace: 'default', access: { nc }, logger: silentLogger });
  for (const reply of [
    '$JS.API.STREAM.PURGE.X',
    '$KV.b.k',
    'a b',
    'a.*',
    '',
    'a\r\nPUB x 0',
    'x'.repeat(5_000),
    'good',
  ])
    answers.send({ reply, functionId: 'f' }, lostError());
  answers.send({ reply: 'hostile.id', functionId: 'f\r\nPUB x 0' }, lostError());
  answers.sendBegun([{ reply: 'begun', functionId: undefined }], {
    guiltyId: undefined,
    quarantinedIds: [],
    error: lostError(),
  });
  await nc.flush();
  assert.deepEqual(
    heard.filter((subject) => subject !== 'hostile.id'),
    ['good', 'begun'],
  );
  await nc.close();
});
