import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LossyLines } from '../../src/cli/shell/unread.ts';
import { createControlClient } from '../../src/control/index.ts';
import { until } from '../support/load.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { allGone, descendantsOf, runCli } from './support/cli.ts';
import { openFullPipe } from './support/full-pipe.ts';
import { noTerminal, startInTerminal } from './support/terminal.ts';

const BIN = fileURLToPath(new URL('../../bin/hairspring.js', import.meta.url));

const folder = await mkdtemp(join(tmpdir(), 'hairspring-unread-'));
after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
const nats = await startTestNats();
after(() => nats[Symbol.asyncDispose]());
const nc = await connectTo(nats);
after(() => nc.close());

/** Prints more than pipes and terminals hold. */
const loud = join(folder, 'loud');
await mkdir(loud);
await writeFile(
  join(loud, 'Nexfile'),
  'name: loud\ntype: javascript\nlifecycle: function\nstart_request:\n  main: index.js\n  triggers: [{ subject: loud }]\n',
);
await writeFile(
  join(loud, 'index.js'),
  `export default { message() {
    for (let line = 0; line < 30; line += 1) console.log('x'.repeat(8_000));
    return 'said';
  } };`,
);

const isServed = (): Promise<boolean> =>
  createControlClient(nc, { namespace: 'default' })
    .list()
    .then(
      (functions) => functions.some(({ workload_state }) => workload_state !== 'error'),
      () => false,
    );

const hasNode = (): Promise<boolean> =>
  createControlClient(nc, { namespace: 'default' })
    .nodes()
    .then(
      (nodes) => nodes.length === 1,
      () => false,
    );

/** Has the function say so much that all that is between the node and its reader is full. */
async function sayMuch(): Promise<void> {
  for (let call = 0; call < 10; call += 1)
    assert.equal((await nc.request('loud', '', { timeout: 10_000 })).string(), 'said');
}

async function endOf(child: ChildProcess): Promise<readonly unknown[]> {
  const ended = once(child, 'close');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const end = await ended;
  clearTimeout(timer);
  return end;
}

test('What waits for a reader is bounded, and how many lines are lost is told when it reads on', () => {
  const written: string[] = [];
  const stream = { writableLength: 0, write: (text: string) => written.push(text) };
  const lines = new LossyLines(stream, (lost) => `${lost} lost`);
  lines.write('x'.repeat(2_000_000));
  assert.equal(written.shift()?.length, 2_000_001, 'nothing waited before it');
  stream.writableLength = 1_000_000;
  lines.write('fits');
  lines.write('x'.repeat(48_577));
  lines.write('two\nlines');
  stream.writableLength = 600_000;
  lines.write('not yet');
  stream.writableLength = 500_000;
  lines.write('read');
  lines.write('on');
  assert.deepEqual(written, ['fits\n', '4 lost\nread\n', 'on\n']);
});

for (const command of ['up', 'dev'] as const) {
  test(`${command} whose output nobody reads, as a pager that waits, starts, serves and stops`, async () => {
    using pipe = openFullPipe(join(folder, `${command}.pipe`));
    const args = ['--server', nats.url, '--data', join(folder, `data-${command}`)];
    const node = spawn(process.execPath, [BIN, command, ...(command === 'dev' ? [loud] : []), ...args], {
      stdio: ['ignore', pipe.fd, pipe.fd],
    });
    await until('the node is there', hasNode, { withinMs: 30_000 });
    if (command === 'up') assert.equal((await runCli(['deploy', loud, '--server', nats.url])).code, 0);
    await until('it is served', isServed, { withinMs: 30_000 });
    await sayMuch();
    assert.deepEqual(await endOf(node), [0, null]);
    await until('it is gone', async () => !(await hasNode()));
  });
}

/** The node is a process of the terminal's, and elsewhere nothing tells which. */
const noProcesses = process.platform === 'linux' ? false : 'processes are listed on Linux only';

test('A terminal that shows nothing any more holds up no node', {
  skip: noTerminal || noProcesses,
}, async () => {
  using pipe = openFullPipe(join(folder, 'terminal.pipe'));
  const args = `dev ${loud} --server ${nats.url} --data ${join(folder, 'data-terminal')}`;
  const terminal = startInTerminal(`exec ${process.execPath} ${BIN} ${args}`, ['pipe', pipe.fd, 'inherit']);
  await until('it is served', isServed, { withinMs: 30_000 });
  const [node] = await descendantsOf(terminal.pid ?? 0);
  assert.ok(node !== undefined);
  await sayMuch();
  const cells = await descendantsOf(node);
  process.kill(node, 'SIGTERM');
  try {
    await until('it is gone', async () => !(await hasNode()), { withinMs: 20_000 });
    await allGone(cells);
  } finally {
    terminal.kill('SIGKILL');
  }
});
