import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestHost } from '../support/host.ts';
import { until } from '../support/load.ts';

const WHO = 'const me = Math.random().toString(36).slice(2);';

test('Two hosts share the work of a queue group, and both run a fanout function', async () => {
  await using first = await startTestHost();
  const code = `${WHO} export default { message: () => me };`;
  await first.deploy({ name: 'shared', code });
  await first.deploy({ name: 'everywhere', code, triggers: [{ subject: 'everywhere', fanout: true }] });
  await using second = await startTestHost({ nats: first.nats });
  assert.notEqual(second.host.nodeId, first.host.nodeId);

  const answers = await Promise.all(Array.from({ length: 200 }, () => first.ask('shared')));
  assert.deepEqual(new Set(answers.map(({ outcome }) => outcome)), new Set(['ok']));
  const counts = new Map<string, number>();
  for (const { text } of answers) counts.set(text, (counts.get(text) ?? 0) + 1);
  assert.equal(counts.size, 2, 'both hosts answer');
  for (const count of counts.values()) assert.ok(count > 20, `one host had ${count} of 200`);

  const heard = new Set<string>();
  const inbox = first.nc.subscribe('heard', { callback: (_, msg) => void heard.add(msg.string()) });
  first.nc.publish('everywhere', '', { reply: 'heard' });
  await until('both hosts run the fanout function', () => heard.size === 2);
  inbox.unsubscribe();
});

test('When one of two hosts stops, the other serves on and no call is lost', async () => {
  await using first = await startTestHost();
  await first.deploy({ name: 'on', code: 'export default { message: () => "on" };' });
  const second = await startTestHost({ nats: first.nats });
  const asked = Array.from({ length: 300 }, () => first.ask('on'));
  await second[Symbol.asyncDispose]();
  asked.push(...Array.from({ length: 50 }, () => first.ask('on')));
  assert.deepEqual(new Set((await Promise.all(asked)).map(({ outcome }) => outcome)), new Set(['ok']));
});
