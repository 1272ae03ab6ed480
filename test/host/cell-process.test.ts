/** The host's side of a cell process, with processes in a cell's place that do what they like. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  type Clock,
  createLogger,
  type HttpAsk,
  type LogRecord,
  silentLogger,
  systemClock,
} from '../../src/core/index.ts';
import { createSpec } from '../support/spec.ts';
import { turns, until } from '../support/turns.ts';

const dir = mkdtempSync(join(tmpdir(), 'hairspring-cell-'));
after(() => rmSync(dir, { recursive: true }));
const entry = join(dir, 'cell.mjs');

// Only what the processes run is replaced, and some addresses take their time.
registerHooks({
  load(url, context, next) {
    if (/\/host\/cells\/held-socket\.[jt]s$/.test(url)) {
      const source = `
        import { once } from 'node:events';
        import { connect } from 'node:net';
        export async function dialPaused(host, port) {
          if (host === 'slow') await new Promise((done) => setTimeout(done, 200));
          const socket = connect(port, '127.0.0.1');
          await once(socket, 'connect');
          return socket;
        }`;
      return { format: 'module', shortCircuit: true, source };
    }
    if (!/\/host\/cells\/cell-flags\.[jt]s$/.test(url)) return next(url, context);
    const source = `export const cellEntry = () => ${JSON.stringify(entry)}; export const cellFlags = () => [];`;
    return { format: 'module', shortCircuit: true, source };
  },
});
const { CellProcess } = await import('../../src/host/cells/cell-process.ts');
const { checkInCell } = await import('../../src/host/cells/check-in-cell.ts');
const { SpareCells } = await import('../../src/host/cells/spare-cells.ts');

const OPTIONS = {
  cellId: 'c1',
  nodeId: 'N',
  artifactDir: dir,
  rssLimitBytes: 1e9,
  hangGraceMs: 1,
  spareIsolates: 0,
  warmInstances: 0,
  idleEvictMs: 1,
  warmMemoryBytes: 1,
  inlineCpuMs: 50,
  replySubjects: [],
  inspect: false,
};

/** A cell that runs this code, and is ready before. */
function startCell(code: string, clock: Clock = systemClock) {
  const logs: LogRecord[] = [];
  // A cell that starts at the same time reads all of one or of the other.
  writeFileSync(`${entry}.draft`, `setInterval(() => {}, 1e6); process.send({ type: 'ready' }); ${code}`);
  renameSync(`${entry}.draft`, entry);
  const cell = new CellProcess(
    OPTIONS,
    createLogger((record) => logs.push(record)),
    clock,
  );
  return { cell, logs };
}

const NONSENSE = {
  'no object at all': 'process.send(null)',
  'an unknown type': `process.send({ type: 'nope' })`,
  'a log level that is none': `process.send({ type: 'log', record: { level: 'constructor', message: '', fields: {} } })`,
  'an error that is none': `process.send({ type: 'reply', requestId: 1, ok: false, error: null })`,
  'a port that is none': `process.send({ type: 'dial', dialId: 1, host: 'localhost', port: 1e9 })`,
  'an acknowledgement that nobody waits for': `process.send({ cmd: 'NODE_HANDLE_ACK' })`,
  'bytes that are no message':
    'await new Promise((resolve) => setTimeout(resolve, 50)); (await import("node:fs")).writeSync(3, Buffer.from([0, 0, 0, 4, 1, 2, 3, 4]))',
} as const;

for (const [what, code] of Object.entries(NONSENSE)) {
  test(`A cell that sends ${what} is ended, and the host lives`, async () => {
    const { cell, logs } = startCell(code);
    const { signal } = await cell.exited;
    assert.equal(signal, 'SIGKILL');
    assert.ok(logs.some(({ message }) => message.includes('cannot be read')));
    await cell[Symbol.asyncDispose]();
  });
}

test('A cell that answers a command with something else is ended, and the command fails', async () => {
  const { cell } = startCell(
    `process.on('message', ({ requestId }) => process.send({ type: 'reply', requestId, ok: true, result: { sids: 1 } }));`,
  );
  await cell.ready;
  await assert.rejects(
    cell.command('activate', { specs: [], credentials: {}, coldReason: 'first', secrets: [] }),
    {
      code: 'HS_INTERNAL',
    },
  );
  assert.equal((await cell.exited).signal, 'SIGKILL');
  await cell[Symbol.asyncDispose]();
});

test('A cell that closes its channel is ended', async () => {
  const { cell } = startCell('process.disconnect();');
  assert.equal((await cell.exited).signal, 'SIGKILL');
  await cell[Symbol.asyncDispose]();
});

test('A cell that does not answer a command in time is ended, and the command fails', async () => {
  const timeouts: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    after: (_delayMs, action) => {
      timeouts.push(action);
      return () => undefined;
    },
  };
  const { cell } = startCell('process.on("message", () => {});', clock);
  await cell.ready;
  const asked = assert.rejects(cell.command('stats', { functionIds: null }), { code: 'HS_CELL_LOST' });
  assert.equal(timeouts.length, 1);
  timeouts[0]?.();
  await asked;
  assert.equal((await cell.exited).signal, 'SIGKILL');
  await cell[Symbol.asyncDispose]();
});

/** Says to `cancel` how many messages with requests came before it. */
const COUNTS_REQUESTS = `
  let count = 0;
  process.on('message', ({ type, requestId }) => {
    if (type === 'requests') count += 1;
    else process.send({ type: 'reply', requestId, ok: true, result: { cancelled: count } });
  });`;

function askOf(bodyBytes: number): HttpAsk {
  const body = new Uint8Array(bodyBytes);
  return { id: 'id', route: '/', method: 'POST', url: 'http://a.test/', headers: [], body };
}

test('What is asked in one turn goes to the cell together, and before a command that comes after it', async () => {
  await using cell = startCell(COUNTS_REQUESTS).cell;
  await cell.ready;
  for (let count = 0; count < 10; count += 1) void cell.ask(askOf(10)).answer.catch(() => undefined);
  assert.deepEqual(await cell.command('cancel', { id: 'id', invocationId: null }), { cancelled: 1 });
});

test('Large bodies that are asked in one turn do not go to the cell in one message', async () => {
  await using cell = startCell(COUNTS_REQUESTS).cell;
  await cell.ready;
  for (let count = 0; count < 10; count += 1) void cell.ask(askOf(1024 ** 2)).answer.catch(() => undefined);
  await turns(2);
  assert.deepEqual(await cell.command('cancel', { id: 'id', invocationId: null }), { cancelled: 10 });
});

test('A process that the system does not start counts as ended', async () => {
  const { execPath } = process;
  process.execPath = join(dir, 'no-such-node');
  const { cell } = startCell('');
  process.execPath = execPath;
  assert.equal(cell.pid, undefined);
  await assert.rejects(cell.ready, { code: 'HS_CELL_START' });
  await assert.rejects(cell.command('stats', { functionIds: null }), { code: 'HS_CELL_LOST' });
  assert.equal((await cell.exited).signal, null);
  await cell[Symbol.asyncDispose]();
  assert.equal(cell.state, 'dead');
});

test('A connection that comes late does not take the place of the one that was dialled after it', async () => {
  await using stack = new AsyncDisposableStack();
  const listen = async () => {
    const open = new Set<Socket>();
    let came = 0;
    const server = createServer((socket) => {
      came += 1;
      open.add(socket);
      socket.on('error', () => undefined).on('close', () => open.delete(socket));
      socket.resume();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    stack.defer(() => {
      for (const socket of open) socket.destroy();
      server.close();
    });
    return { port: (server.address() as AddressInfo).port, open, came: () => came };
  };
  const late = await listen();
  const newest = await listen();
  const { cell } = startCell(`
    const dial = (dialId, host, port) => process.send({ type: 'dial', dialId, host, port });
    dial(1, 'slow', ${late.port});
    dial(2, 'fast', ${newest.port});`);
  stack.use(cell);
  await until(() => late.came() === 1 && late.open.size + newest.open.size === 1);
  const held = cell.takeSocket();
  stack.defer(() => void held?.destroy());
  assert.equal(held?.remotePort, newest.port);
  assert.deepEqual([late.open.size, newest.open.size], [0, 1]);
});

test('A cell that ends before it is ready tells its last words, whoever waits for it', async () => {
  writeFileSync(entry, 'throw new Error("no room for the heap");');
  await using spares = new SpareCells({
    create: () => new CellProcess(OPTIONS, silentLogger),
    count: 0,
    clock: systemClock,
    logger: silentLogger,
  });
  await assert.rejects(
    spares.lend('a', (cell) => checkInCell(cell, createSpec())),
    { code: 'HS_CELL_START', message: /ended before it was ready: Error: no room for the heap/ },
  );
});

const ENDS = {
  'is ended from outside': ['SIGKILL', 'HS_CELL_LOST', /ended from outside \(SIGKILL\)/],
  'brings its cell down': ['SIGABRT', 'HS_FUNCTION_LOAD', /top level of its module/],
} as const;
for (const [what, [signal, code, message]] of Object.entries(ENDS)) {
  test(`A deployer hears whose fault it was when the cell in which code is tried ${what}`, async () => {
    const { cell } = startCell(`process.on('message', () => process.kill(process.pid, '${signal}'));`);
    await using _cell = cell;
    await cell.ready;
    await assert.rejects(checkInCell(cell, createSpec()), { code, message });
  });
}

test('When cells cannot even be created, whoever waits hears of it, and it is tried again later', async () => {
  let refuse = true;
  let attempts = 0;
  const retries: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    after: (_delayMs, action) => {
      retries.push(action);
      return () => undefined;
    },
  };
  await using spares = new SpareCells({
    create() {
      attempts += 1;
      if (refuse) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
      return startCell('').cell;
    },
    count: 1,
    clock,
    logger: silentLogger,
  });
  const taken = assert.rejects(spares.take('a'), { message: 'too many open files' });
  for (const round of [1, 2, 3]) {
    assert.equal(attempts, round);
    retries.shift()?.();
    await turns();
  }
  await taken;
  refuse = false;
  retries.shift()?.();
  const cell = await spares.take('a');
  assert.equal(cell.state, 'spare');
  await cell[Symbol.asyncDispose]();
  await until(() => spares.pids.length === 1);
});

/** Spares that do nothing, with the number of those that were started. */
function keepSpares(count: number) {
  const created: InstanceType<typeof CellProcess>[] = [];
  const spares = new SpareCells({
    create() {
      const { cell } = startCell('');
      created.push(cell);
      return cell;
    },
    count,
    clock: systemClock,
    logger: silentLogger,
  });
  return { spares, created };
}

test('A cell that was lent for a namespace is taken by that one', async () => {
  const { spares, created } = keepSpares(1);
  await using _spares = spares;
  const lent = await spares.lend('a', async (cell) => cell);
  assert.equal(await spares.lend('a', async (cell) => cell), lent);
  assert.equal(created.length, 1);
  await using taken = await spares.take('a');
  assert.equal(taken, lent);
});

test('A cell that was lent for one namespace is never taken by another: it is ended, and a fresh one given', async () => {
  const { spares, created } = keepSpares(1);
  await using _spares = spares;
  const lent = await spares.lend('a', async (cell) => cell);
  await using taken = await spares.take('b');
  assert.notEqual(taken, lent);
  assert.equal(taken.state, 'spare');
  await lent.exited;
  await until(() => spares.pids.length === 1);
  assert.equal(created.length, 3);
  // Of two that still start, either may be ready first.
  await Promise.all(created.map(({ ready }) => ready));
  await using next = await spares.take('c');
  assert.equal(
    next,
    created.find((cell) => cell !== lent && cell !== taken),
  );
});

test('A cell that was lent for one namespace is never lent for another', async () => {
  const { spares, created } = keepSpares(1);
  await using _spares = spares;
  const first = await spares.lend('a', async (cell) => cell);
  const second = await spares.lend('b', async (cell) => cell);
  assert.notEqual(second, first);
  await first.exited;
  assert.deepEqual(spares.pids, [second.pid]);
  assert.equal(created.length, 2);
});

test('Of two cells that are ready a namespace takes the one that it has used, and leaves the other to all', async () => {
  const { spares, created } = keepSpares(2);
  await using _spares = spares;
  await Promise.all(created.map(({ ready }) => ready));
  const lent = await spares.lend('a', async (cell) => cell);
  await using own = await spares.take('a');
  await using other = await spares.take('b');
  assert.equal(own, lent);
  assert.ok(created.slice(0, 2).includes(other));
});

test('Without spares, whoever waits while a cell is lent for another namespace gets a cell of its own', async () => {
  const { spares } = keepSpares(0);
  await using _spares = spares;
  let waiting: Promise<InstanceType<typeof CellProcess>> | undefined;
  let same: Promise<InstanceType<typeof CellProcess>> | undefined;
  const lent = await spares.lend('a', async (cell) => {
    waiting = spares.take('b');
    same = spares.take('a');
    return cell;
  });
  await using own = await waiting;
  await using again = await same;
  assert.notEqual(own, lent);
  assert.equal(again, lent);
});
