import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isTaken, type LockFile, type LockHolder, takeLockFile } from '../../src/host/state/lock-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'hairspring-lock-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const RACER = fileURLToPath(new URL('support/lock-racer.ts', import.meta.url));
const RACERS = 3;
const ROUNDS = 300;
/** More than any system's highest process id. */
const DEAD = 4_194_305;

test('Of processes that take a folder at once exactly one gets it, be it free or left by a process that is gone', async (t) => {
  const racers = Array.from({ length: RACERS }, () => fork(RACER));
  t.after(() => {
    for (const racer of racers) racer.disconnect();
  });
  const tries = async (racer: ChildProcess, path: string, atMs: number): Promise<boolean> => {
    const answer = once(racer, 'message');
    racer.send([path, atMs]);
    return (await answer)[0];
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const path = join(folder, String(round));
    mkdirSync(join(path, 'artifacts'), { recursive: true });
    if (round % 2 === 0) writeFileSync(join(path, 'node.lock'), JSON.stringify({ pid: DEAD, id: 'before' }));
    const atMs = Date.now() + 4;
    const got = await Promise.all(racers.map((racer) => tries(racer, path, atMs)));
    assert.equal(got.filter(Boolean).length, 1, `round ${round}: ${got.join(', ')}`);
  }
});

test('A lock holds while the server that was noted in it runs, and not for a process that has its id by now', async () => {
  const file = join(folder, 'nats.lock');
  const storeDir = join(folder, 'nats');
  const server = spawn('sleep', ['60'], { argv0: storeDir });
  const pid = server.pid ?? assert.fail('sleep does not run');
  const ended = once(server, 'exit');
  const leave = (store: string): void =>
    writeFileSync(file, JSON.stringify({ pid: DEAD, server: { pid, storeDir: store } }));
  leave(storeDir);
  assert.deepEqual(takeLockFile(file), { pid, isServer: true });
  if (process.platform === 'linux') {
    leave(join(folder, 'of-another'));
    lockOf(takeLockFile(file))[Symbol.dispose]();
    assert.ok(!existsSync(file));
  }
  leave(storeDir);
  server.kill();
  await ended;
  using lock = lockOf(takeLockFile(file));
  lock.noteServer({ pid: 1, storeDir });
  const { pid: holder, server: noted } = JSON.parse(readFileSync(file, 'utf8'));
  assert.deepEqual({ holder, noted }, { holder: process.pid, noted: { pid: 1, storeDir } });
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('nats.lock')),
    ['nats.lock'],
  );
});

test('A lock is held by the process that took it, and not by another one that has its id by now', {
  skip: process.platform === 'linux' ? false : 'needs /proc',
}, async (t) => {
  const file = join(folder, 'reused.lock');
  const racer = fork(RACER);
  t.after(() => racer.disconnect());
  const answer = once(racer, 'message');
  mkdirSync(join(folder, 'reused', 'artifacts'), { recursive: true });
  racer.send([join(folder, 'reused'), 0]);
  assert.deepEqual(await answer, [true, undefined]);
  const left = JSON.parse(readFileSync(join(folder, 'reused', 'node.lock'), 'utf8'));
  writeFileSync(file, JSON.stringify(left));
  assert.deepEqual(takeLockFile(file), { pid: racer.pid, isServer: false });

  const other = spawn('sleep', ['60']);
  t.after(() => other.kill());
  const pid = other.pid ?? assert.fail('sleep does not run');
  writeFileSync(file, JSON.stringify({ ...left, pid }));
  lockOf(takeLockFile(file))[Symbol.dispose]();
  assert.ok(!existsSync(file));
});

test('A lock is taken, held and taken over where the file system has no hard links', (t) => {
  const refuse = (): never => {
    throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' });
  };
  t.mock.method(fs, 'linkSync', refuse);
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  const file = join(folder, 'linkless.lock');
  lockOf(takeLockFile(file))[Symbol.dispose]();
  assert.ok(!existsSync(file));
  writeFileSync(file, JSON.stringify({ pid: process.ppid }));
  assert.deepEqual(takeLockFile(file), { pid: process.ppid, isServer: false });
  writeFileSync(file, JSON.stringify({ pid: DEAD }));
  using _lock = lockOf(takeLockFile(file));
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).pid, process.pid);
});

function lockOf(lock: LockFile | LockHolder): LockFile {
  return isTaken(lock) ? lock : assert.fail(`process ${lock.pid} has it`);
}
