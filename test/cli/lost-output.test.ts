import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connect } from '@nats-io/transport-node';
import { allGone, type CliProcess, descendantsOf, runCli, startCli } from './support/cli.ts';
import { noTerminal, startInTerminal } from './support/terminal.ts';

const BIN = fileURLToPath(new URL('../../bin/hairspring.js', import.meta.url));
const NODE_LINE = /nats-server \S+ at (nats:\S+)/;

const folder = await mkdtemp(join(tmpdir(), 'hairspring-lost-'));
after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

const slow = join(folder, 'functions', 'slow');
await mkdir(slow, { recursive: true });
await writeFile(
  join(slow, 'Nexfile'),
  'name: slow\ntype: javascript\nlifecycle: function\nstart_request:\n  main: index.js\n  triggers: [{ subject: slow }]\n',
);
await writeFile(
  join(slow, 'index.js'),
  `export default {
  async message() {
    console.log('begun');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    return 'done';
  },
};
`,
);

/** What a call is answered with that the function has begun when `end` is called. */
async function answerAcross(server: string, end: () => void): Promise<string> {
  const nc = await connect({ servers: server });
  try {
    const begun = nc.subscribe('slow');
    const reply = nc.request('slow', '', { timeout: 10_000 });
    for await (const _message of begun) break;
    await new Promise((resolve) => setTimeout(resolve, 300));
    end();
    return (await reply).string();
  } finally {
    await nc.close();
  }
}

async function startUp(name: string, args: readonly string[] = []): Promise<[CliProcess, string]> {
  const up = startCli(['up', '--port', '0', '--data', join(folder, name), ...args]);
  const [, server = ''] = await up.waitFor(NODE_LINE);
  await up.waitFor(/^ready in /m);
  const { code, stderr } = await runCli(['deploy', slow, '--server', server]);
  assert.equal(code, 0, stderr);
  return [up, server];
}

test('up whose standard output nobody reads any more answers what it has accepted, and ends with 0', async () => {
  const [up, server] = await startUp('stdout');
  await using _up = up;
  const children = await descendantsOf(up.pid);
  up.closeReader('stdout');
  assert.equal(await answerAcross(server, () => up.kill('SIGTERM')), 'done');
  const { code, signal } = await up.ended;
  assert.deepEqual([code, signal], [0, null]);
  await allGone(children);
  assert.ok(!(await readdir(join(folder, 'stdout'))).includes('nats.lock'));
});

test('up whose log nobody reads any more goes on serving until it is told to stop', async () => {
  const [up, server] = await startUp('log', ['--log-level', 'debug']);
  await using _up = up;
  up.closeReader('stdout');
  up.closeReader('stderr');
  for (let deployed = 0; deployed < 3; deployed += 1)
    assert.equal((await runCli(['deploy', slow, '--server', server])).code, 0);
  assert.equal(await answerAcross(server, () => up.kill('SIGTERM')), 'done');
  assert.equal((await up.ended).code, 0);
});

test('dev whose output nobody reads any more goes on, says nothing of bad edits, and drains', async () => {
  const path = join(folder, 'functions');
  await using dev = startCli(['dev', path, '--port', '0']);
  const [, server = ''] = await dev.waitFor(NODE_LINE);
  await dev.waitFor(/^ready in /m);
  dev.closeReader('stdout');
  dev.closeReader('stderr');
  await mkdir(join(path, 'bad'));
  await writeFile(join(path, 'bad', 'Nexfile'), 'name: 1\n');
  assert.equal(await answerAcross(server, () => undefined), 'done');
  assert.equal(await answerAcross(server, () => dev.kill('SIGTERM')), 'done');
  assert.equal((await dev.ended).code, 0);
  await rm(join(path, 'bad'), { recursive: true });
});

test('logs ends with 0 when nobody reads it any more', async () => {
  const [up, server] = await startUp('logs');
  await using _up = up;
  await using logs = startCli(['logs', '--server', server]);
  await logs.waitFor(/Following all functions/);
  logs.closeReader('stdout');
  assert.equal(await answerAcross(server, () => undefined), 'done');
  assert.equal((await logs.ended).code, 0);
});

for (const command of ['up', 'dev'] as const) {
  test(`A terminal that is closed lets ${command} drain`, { skip: noTerminal }, async () => {
    const data = join(folder, `terminal-${command}`);
    const args = command === 'up' ? 'up' : `dev ${join(folder, 'functions')}`;
    const terminal = startInTerminal(
      `${process.execPath} ${BIN} ${args} --port 0 --no-color --data ${data}`,
      ['pipe', 'pipe', 'inherit'],
    );
    let shown = '';
    await new Promise<void>((resolve) => {
      terminal.stdout?.setEncoding('utf8').on('data', (text: string) => {
        shown += text;
        if (/^ready in /m.test(shown)) resolve();
      });
      terminal.once('close', () => resolve());
    });
    const server = NODE_LINE.exec(shown)?.[1] ?? assert.fail(shown);
    const children = await descendantsOf(terminal.pid ?? 0);
    if (command === 'up') await runCli(['deploy', slow, '--server', server]);
    assert.equal(await answerAcross(server, () => void terminal.kill('SIGKILL')), 'done');
    await allGone(children);
    assert.ok(!(await readdir(data)).includes('nats.lock'));
  });
}
