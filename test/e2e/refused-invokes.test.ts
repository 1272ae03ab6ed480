import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { headers } from '@nats-io/transport-node';
import { hairspringSubjects, REPLY_HEADERS, REQUEST_HEADERS } from '../../src/core/index.ts';
import { handler, startTestHost } from '../support/host.ts';
import { ask, until } from '../support/load.ts';

test('An invocation by name that was refused is not answered again when the cell dies', async () => {
  await using world = await startTestHost();
  const { nc } = world;
  await world.deploy({ name: 'strict', code: handler('return 1;'), triggers: ['strict.now'] });
  const answers: string[] = [];
  nc.subscribe('_answers', {
    callback: (_error, message) => {
      answers.push(message.headers?.get(REPLY_HEADERS.code) ?? '');
    },
  });
  const asked = headers();
  asked.set(REQUEST_HEADERS.subject, 'elsewhere');
  nc.publish(hairspringSubjects.invoke('default', 'strict'), '', { reply: '_answers', headers: asked });
  await until('it is answered', () => answers.length > 0);
  await sleep(100);
  const [pid = 0] = world.host.cellPids();
  process.kill(pid, 'SIGKILL');
  await until('another cell serves', async () => {
    const { outcome } = await ask(nc, 'strict.now');
    return outcome === 'ok' && !world.host.cellPids().includes(pid);
  });
  await sleep(600);
  assert.deepEqual(answers, ['HS_INVOKE_SUBJECT']);
});
