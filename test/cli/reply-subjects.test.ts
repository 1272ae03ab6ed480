import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../support/load.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { EXAMPLES, runCli, startCli } from './support/cli.ts';

test('A node answers at the reply subjects that --reply-subject or the environment allows, and says how where it does not', async () => {
  await using nats = await startTestNats();
  const nc = await connectTo(nats);
  const heard: string[] = [];
  for (const subject of ['orders.>', 'answers.>', 'acme.>'])
    nc.subscribe(subject, { callback: (_error, { subject: at }) => void heard.push(at) });
  const data = await mkdtemp(join(tmpdir(), 'hairspring-replies-'));
  const replies = ['orders.refund', 'answers.a', 'acme.in.a'];
  const runs = [
    {
      args: ['--reply-subject', 'answers.>', '--reply-subject', 'acme.*.a'],
      env: {},
      allowed: replies.slice(1),
    },
    { args: [], env: { HAIRSPRING_REPLY_SUBJECTS: 'answers.a, acme.x' }, allowed: ['answers.a'] },
  ];
  for (const { args, env, allowed } of runs) {
    const dev = ['dev', join(EXAMPLES, 'hello'), '--data', data, '--server', nats.url, ...args];
    await using node = startCli(dev, { env });
    await node.waitFor(/^ready in /m);
    for (const reply of replies) nc.publish('greet.en.ada', '', { reply });
    await node.waitFor(/not answered at its reply subject "orders\.refund".*--reply-subject/);
    await until('the others are answered', () => heard.length >= allowed.length);
    assert.deepEqual(heard.splice(0), allowed);
  }
  await nc.close();
  await rm(data, { recursive: true });
});

test('A reply subject that may not be allowed ends up before anything is started', async () => {
  for (const [args, env] of [
    [['--reply-subject', '$KV.>'], {}],
    [[], { HAIRSPRING_REPLY_SUBJECTS: 'fine.> $KV.>' }],
  ] as const) {
    const { code, stderr } = await runCli(['up', '--port', '0', ...args], { env });
    assert.equal(code, 2);
    assert.match(stderr, /Cannot answer at the reply subject "\$KV\.>": "\$KV" belongs to the server/);
  }
});
