import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../../src/cli/shell/exit-codes.ts';

const MODULE = fileURLToPath(new URL('../../src/cli/shell/interrupt.ts', import.meta.url));

/** Longer than signals count as one. */
const APART_MS = 700;

/** A process that is asked to stop, says so, and takes its time. */
async function startBusy(): Promise<ChildProcessByStdio<null, Readable, null>> {
  const program = `
    const { createInterrupt } = await import(${JSON.stringify(MODULE)});
    setInterval(() => {}, 1_000);
    const interrupt = createInterrupt();
    interrupt.arm();
    process.stdout.write('armed');
    process.stdout.write(await interrupt.requested);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('Signals that come together ask to stop once, as from systemd to the launcher and to Node', async () => {
  const child = await startBusy();
  try {
    const asked = once(child.stdout, 'data');
    child.kill('SIGTERM');
    child.kill('SIGINT');
    await asked;
    await sleep(APART_MS);
    assert.equal(child.exitCode, null);
  } finally {
    child.kill('SIGKILL');
  }
});

test('A signal after the one that asked to stop ends the process at once', async () => {
  const child = await startBusy();
  child.kill('SIGINT');
  await sleep(APART_MS);
  assert.equal(child.exitCode, null);
  child.kill('SIGINT');
  assert.deepEqual(await once(child, 'exit'), [EXIT.interrupted, null]);
});
