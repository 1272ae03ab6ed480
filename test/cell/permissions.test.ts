/** What is left of a cell's permissions once it is ready. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CellOptions } from '../../src/core/index.ts';
import { cellEntry, cellFlags } from '../../src/host/cells/cell-flags.ts';
import { JournalFile } from '../../src/host/cells/journal-file.ts';

const FIXTURE = fileURLToPath(new URL('fixtures/broken-out.ts', import.meta.url));
const JOURNAL_FD = 4;

const dir = mkdtempSync(join(tmpdir(), 'hairspring-permissions-'));
after(() => rmSync(dir, { recursive: true }));
const artifactDir = join(dir, 'artifacts');
mkdirSync(artifactDir);
writeFileSync(join(artifactDir, 'artifact'), '');
const secret = join(dir, 'secret');
writeFileSync(secret, 'not for cells');

const OPTIONS: CellOptions = {
  cellId: 'c1',
  nodeId: 'N',
  artifactDir,
  journalFd: JOURNAL_FD,
  rssLimitBytes: 1e9,
  hangGraceMs: 10_000,
  spareIsolates: 1,
  warmInstances: 1,
  idleEvictMs: 1e6,
  warmMemoryBytes: 1e9,
  inlineCpuMs: 50,
  replySubjects: [],
  inspect: false,
};

/** What becomes of each attempt in a cell with the flags of the host. */
async function tryInCell(attempts: readonly string[]): Promise<Readonly<Record<string, string>>> {
  using journal = new JournalFile();
  const entry = cellEntry();
  const cell = new URL(`./cell${extname(entry)}`, pathToFileURL(entry));
  const child = fork(FIXTURE, [JSON.stringify(OPTIONS), cell.href], {
    execArgv: [...cellFlags(artifactDir), `--allow-fs-read=${FIXTURE}`],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', journal.fd],
    env: {},
  });
  try {
    return await new Promise((resolve, reject) => {
      child.once('exit', (code, signal) => reject(new Error(`The cell ended: ${code ?? signal}`)));
      child.on('message', (message: { type: string; outcomes: Readonly<Record<string, string>> }) => {
        if (message.type === 'ready') child.send({ type: 'attempts', attempts });
        else if (message.type === 'outcomes') resolve(message.outcomes);
      });
    });
  } finally {
    child.removeAllListeners('exit');
    child.kill('SIGKILL');
  }
}

function reading(path: string): string {
  return `load('node:fs').readFileSync(${JSON.stringify(path)})`;
}

test('A cell that is ready reads artifacts, its own code and no other file, by no path', async () => {
  const links = ['self/root', 'self/cwd', 'thread-self/root', `self/task/PID/root`];
  const refused = [
    secret,
    join(artifactDir, '..', 'secret'),
    `${artifactDir}-not`,
    FIXTURE,
    '/proc/self/environ',
    '/proc/self/mem',
    '/proc/self/fd/0',
  ].map(reading);
  refused.push(
    ...links.map(
      (link) => `load('node:fs').readFileSync('/proc/${link}${secret}'.replace('PID', process.pid))`,
    ),
    `load('node:fs').readdirSync('/proc/self/task')`,
    `load('node:fs').writeFileSync(${JSON.stringify(join(artifactDir, 'artifact'))}, '')`,
  );
  const allowed = [join(artifactDir, 'artifact'), cellEntry()].map(reading);
  assert.deepEqual(await tryInCell([...allowed, ...refused]), {
    ...Object.fromEntries(allowed.map((attempt) => [attempt, 'done'])),
    ...Object.fromEntries(refused.map((attempt) => [attempt, 'ERR_ACCESS_DENIED'])),
  });
});

test('A cell that is ready starts nothing, is debugged by nobody, and loads no code but JavaScript', async () => {
  const refused = [
    `load('node:child_process').spawnSync('/bin/true')`,
    `process.execve('/bin/true', ['true'], {})`,
    `new (load('node:worker_threads').Worker)('', { eval: true })`,
    `load('node:inspector').open(0)`,
    `new (load('node:inspector').Session)().connect()`,
    `process.dlopen({ exports: {} }, '/addon.node')`,
    `new (load('node:wasi').WASI)({ version: 'preview1', preopens: { '/': '/' } })`,
    `new (load('node:ffi').DynamicLibrary)(null)`,
  ];
  const outcomes = await tryInCell(refused);
  assert.deepEqual(outcomes, Object.fromEntries(refused.map((attempt) => [attempt, 'ERR_ACCESS_DENIED'])));
});

test('A cell has no SQLite, which opens files without asking', async () => {
  const file = JSON.stringify(join(dir, 'made.db'));
  const attempts = [
    `import('node:sqlite')`,
    `new (load('node:sqlite').DatabaseSync)(${file}).exec('CREATE TABLE t (a)')`,
  ];
  const outcomes = Object.values(await tryInCell(attempts));
  assert.equal(outcomes.length, 2);
  assert.ok(!outcomes.includes('done'), `${outcomes}`);
  assert.throws(() => rmSync(join(dir, 'made.db')), { code: 'ENOENT' });
});
