import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type CliProcess, EXAMPLES, startCli } from './support/cli.ts';

/** Without setpriv, as on macOS, a nats-server outlives a node that is killed. */
const NO_TOOLS = { PATH: '/nonexistent' };

const folder = await mkdtemp(join(tmpdir(), 'hairspring-left-'));
after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
await cp(join(EXAMPLES, 'hello'), join(folder, 'hello'), { recursive: true });
const STORE = join(folder, '.hairspring', 'nats');

/** Ids of the nats-servers on the folder. */
async function servers(): Promise<readonly number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (args[args.indexOf('--store_dir') + 1] === STORE) found.push(Number(pid));
  }
  return found;
}

const startDev = (): CliProcess => startCli(['dev', folder, '--port', '0'], { env: NO_TOOLS });

async function startAndKill(): Promise<number> {
  await using dev = startDev();
  await dev.waitFor(/^ready in /m);
  dev.kill('SIGKILL');
  await dev.ended;
  const [left] = await servers();
  return left ?? assert.fail('no nats-server is left');
}

test('dev waits for a nats-server that a killed one has left to end, and never starts a second one beside it', {
  skip: process.platform === 'linux' ? false : 'there is no /proc',
}, async () => {
  const left = await startAndKill();
  try {
    await using refused = startDev();
    await refused.waitFor(
      new RegExp(`^error HS_DATA_DIR: .*nats-server \\(process ${left}\\).*\nhint: .*kill ${left}`, 'm'),
    );
    assert.equal((await refused.ended).code, 5);
    assert.deepEqual(await servers(), [left]);
    await using dev = startDev();
    setTimeout(() => process.kill(left, 'SIGTERM'), 1_500);
    await dev.waitFor(/^ready in /m);
    const now = await servers();
    assert.equal(now.length, 1);
    assert.notEqual(now[0], left);
  } finally {
    for (const pid of await servers()) process.kill(pid, 'SIGTERM');
  }
});
