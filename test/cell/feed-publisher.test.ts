import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FeedPublisher } from '../../src/cell/feed-publisher.ts';
import { feedSubjects, HOST_LIMITS, systemClock } from '../../src/core/index.ts';
import { until } from '../support/load.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { startRelay } from '../support/relay.ts';
import { createSpec } from '../support/spec.ts';

test('Past the limit of log lines a function’s lines are not asked for until a second has gone', async () => {
  await using server = await startTestNats();
  const nc = await connectTo(server);
  let nowMs = 10_000;
  const feed = new FeedPublisher(nc, { ...systemClock, monotonicMs: () => nowMs });
  const spec = createSpec();
  const heard: string[] = [];
  nc.subscribe(feedSubjects.logs('default', spec.id, '*'), {
    callback: (_, msg) => void heard.push(msg.string()),
  });
  assert.equal(feed.admits(spec.id), true);
  for (let line = 0; line < HOST_LIMITS.logLinesPerSecond; line += 1) feed.onLog(spec, 'info', 'x');
  assert.equal(feed.admits(spec.id), false);
  assert.equal(feed.admits('another'), true);
  feed.onLog(spec, 'info', 'dropped');
  nowMs += 1_000;
  assert.equal(feed.admits(spec.id), true);
  feed.onLog(spec, 'info', 'y'.repeat(1e6));
  await nc.flush();
  assert.equal(heard.length, HOST_LIMITS.logLinesPerSecond + 2);
  assert.match(heard.at(-2) ?? '', /^1 log lines were dropped/);
  assert.equal(heard.at(-1)?.length, HOST_LIMITS.logLineBytes);
  await nc.close();
  feed.onLog(spec, 'info', 'nobody is there');
});

test('A line that is logged while the connection is made is not sent to a server of which nobody knows what it takes', async () => {
  await using server = await startTestNats();
  await using relay = await startRelay(server);
  const nc = await connectTo({ url: relay.url }, { name: 'feed', reconnectTimeWait: 50 });
  const feed = new FeedPublisher(nc, systemClock);
  relay.cut();
  relay.hold();
  relay.admit();
  await until('it connects again', () => relay.open > 0);
  feed.onLog(createSpec(), 'info', 'too early');
  relay.release();
  await until('it is back', () => nc.info !== undefined);
  await nc.flush();
  feed.onLog(createSpec(), 'info', 'in time');
  await nc.flush();
  const sent = relay.named('feed').map((connection) => connection.sent());
  assert.match(sent.join(''), /in time/);
  assert.doesNotMatch(sent.join(''), /too early/);
  await nc.close();
});
