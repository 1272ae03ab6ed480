/** The watchdog thread in a process that it may kill. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { KILL_REASONS } from '../../src/core/index.ts';

function watch(scenario: string) {
  const folder = mkdtempSync(join(tmpdir(), 'hairspring-watchdog-'));
  const journal = join(folder, 'journal');
  writeFileSync(journal, Buffer.alloc(64));
  try {
    const entry = fileURLToPath(new URL('./fixtures/watched-process.ts', import.meta.url));
    const { signal, stdout, stderr } = spawnSync(
      process.execPath,
      ['--no-node-snapshot', entry, journal, scenario],
      {
        encoding: 'utf8',
        timeout: 30_000,
      },
    );
    const [reason, slot] = readFileSync(journal);
    return { signal, stdout: stdout.trim(), stderr, reason, slot };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('An entry of the heavy lane that never ends costs the process, which says why and which slot it was', () => {
  const { signal, reason, slot, stderr } = watch('hangs');
  assert.equal(signal, 'SIGKILL', stderr);
  assert.equal(reason, KILL_REASONS.hang);
  assert.equal(slot, 2, 'one more than its number');
});

test('An entry whose thread has had no processor since its limit is given more time', () => {
  const { signal, stdout, stderr } = watch('starved');
  assert.equal(signal, null, stderr);
  assert.equal(stdout, 'alive');
});

test('An entry on the main thread that runs on past its limit costs the process, which says so', () => {
  const { signal, reason, slot, stderr } = watch('burns');
  assert.equal(signal, 'SIGKILL', stderr);
  assert.equal(reason, KILL_REASONS.hang);
  assert.equal(slot, 1, 'one more than its number');
  assert.match(stderr, /^an entry on the main thread went on for \d+ ms, with a limit of 20 ms/);
});

test('An entry of the heavy lane does not count as hanging while the main thread cannot note its end', () => {
  const { signal, stdout, stderr } = watch('held');
  assert.equal(signal, null, stderr);
  assert.equal(stdout, 'alive');
});
