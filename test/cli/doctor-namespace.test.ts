import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runCli, startCli } from './support/cli.ts';

const folder = await mkdtemp(join(tmpdir(), 'hairspring-doctor-'));
after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
const env = { HAIRSPRING_DATA: folder };

interface Check {
  readonly name: string;
  readonly status: string;
  readonly detail: string;
}

/** All accounts and credentials that there are. */
async function kept(): Promise<readonly string[]> {
  const folders = ['keys', 'servers'].map((name) =>
    readdir(join(folder, name), { recursive: true }).then((files) => files.map((file) => `${name}/${file}`)),
  );
  return (await Promise.all(folders)).flat().sort();
}

test('doctor makes no account and no credentials, and tells of a namespace that has none here', async () => {
  await using up = startCli(['up', '--port', '0'], { env });
  const [, server = ''] = await up.waitFor(/nats-server \S+ at (nats:\S+)/);
  await up.waitFor(/^ready in /m);
  const before = await kept();
  const examine = async (namespace: string): Promise<readonly Check[]> => {
    const { code, stdout } = await runCli(
      ['doctor', '--server', server, '--namespace', namespace, '--json'],
      { env },
    );
    const { ok, checks } = JSON.parse(stdout) as { readonly ok: boolean; readonly checks: readonly Check[] };
    assert.deepEqual([code, ok], [0, true], stdout);
    return checks;
  };
  const mistyped = await examine('stagign');
  assert.deepEqual(await kept(), before);
  assert.partialDeepStrictEqual(
    mistyped.filter(({ name }) => name === 'namespace'),
    [
      {
        status: 'warn',
        detail: 'no command of this user has used the namespace "stagign" since the server started',
      },
    ],
  );
  for (const name of ['NATS', 'JetStream', 'nodes', 'accounts'])
    assert.equal(mistyped.find((check) => check.name === name)?.status, 'pass', name);
  for (const namespace of ['default', 'system'])
    assert.ok(!(await examine(namespace)).some(({ name }) => name === 'namespace'), namespace);
  assert.deepEqual(await kept(), before);
  const list = ['list', '--server', server, '--namespace', 'staging'];
  assert.equal((await runCli(list, { env })).code, 0);
  assert.notDeepEqual(await kept(), before);
  assert.ok(!(await examine('staging')).some(({ name }) => name === 'namespace'));
});
