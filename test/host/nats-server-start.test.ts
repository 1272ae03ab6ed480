import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { HairspringError, natsServerHas, silentLogger } from '../../src/core/index.ts';
import { startNatsServer } from '../../src/host/nats-server/index.ts';
import { connectTo, findTestNats, startTestNats } from '../support/nats.ts';

let folder = '';
let binary = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-start-'));
  binary = (await findTestNats()).path;
});

after(() => rm(folder, { recursive: true, force: true }));

async function failureOf(start: Promise<AsyncDisposable>): Promise<HairspringError> {
  try {
    const server = await start;
    await server[Symbol.asyncDispose]();
  } catch (error) {
    assert.ok(HairspringError.is(error), `expected a coded error, got ${String(error)}`);
    return error;
  }
  assert.fail('the server started');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether somebody listens on `port`. */
async function accepts(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

test('A started server takes clients and has JetStream, and is gone with its folder when disposed', async () => {
  const server = await startTestNats();
  const nc = await connectTo(server);
  assert.equal(nc.info?.jetstream, true);
  assert.equal(nc.info?.version, server.version);
  assert.equal(nc.info?.port, server.port);
  await nc.close();
  await server[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  // Before 2.11 it ends with 1 when it is asked to.
  const code = natsServerHas(server.version, '2.11.0') ? 0 : 1;
  assert.deepEqual(await server.exited, { code, signal: null });
  assert.equal(isAlive(server.pid), false);
  await assert.rejects(access(server.storeDir), 'the folder is removed');
});

test('Servers started at the same time get ports of their own', async () => {
  await using first = await startTestNats();
  await using second = await startTestNats();
  assert.notEqual(first.port, second.port);
});

test('A port that is in use is refused by number, with the option that helps', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  try {
    const error = await failureOf(
      startNatsServer({ binary, storeDir: join(folder, 'taken'), port, logger: silentLogger }),
    );
    assert.equal(error.code, 'HS_PORT_TAKEN');
    assert.ok(error.message.includes(String(port)));
    assert.match(error.hint ?? '', /--port/);
  } finally {
    other.close();
  }
});

test('A data folder below a file is refused by name', async () => {
  const file = join(folder, 'a-file');
  await writeFile(file, '');
  for (const storeDir of [join(file, 'store'), file, '/dev/null/store']) {
    const error = await failureOf(startNatsServer({ binary, storeDir, port: 0, logger: silentLogger }));
    assert.equal(error.code, 'HS_DATA_DIR');
    assert.ok(error.message.includes(storeDir));
  }
});

test('A binary that is not there is refused by name', async () => {
  const missing = join(folder, 'no-such-binary');
  const error = await failureOf(
    startNatsServer({ binary: missing, storeDir: join(folder, 'x'), port: 0, logger: silentLogger }),
  );
  assert.equal(error.code, 'HS_NATS_SERVER_MISSING');
  assert.ok(error.message.includes(missing));
});

test('A server that does not understand its arguments fails with what it says', async () => {
  const options = { binary, storeDir: join(folder, 'bad'), port: 0, logger: silentLogger };
  const error = await failureOf(startNatsServer({ ...options, extraArguments: ['--no-such-flag'] }));
  assert.equal(error.code, 'HS_NATS_SERVER_FAILED');
  assert.match(error.message, /no-such-flag/);
});

test('A server that cannot be noted is stopped again', async () => {
  let pid = 0;
  const onSpawn = (spawned: number): void => {
    pid = spawned;
    throw new HairspringError('HS_DATA_DIR', 'no space left');
  };
  const options = { binary, storeDir: join(folder, 'unnoted'), port: 0, logger: silentLogger, onSpawn };
  const { code } = await failureOf(startNatsServer(options));
  assert.deepEqual([code, pid > 0, isAlive(pid)], ['HS_DATA_DIR', true, false]);
});

test('Streams outlive the server in its store folder', async () => {
  const storeDir = join(folder, 'kept');
  const streamInfo = async (subject: string, body: string): Promise<unknown> => {
    await using server = await startTestNats({ storeDir });
    const nc = await connectTo(server);
    try {
      return JSON.parse((await nc.request(`$JS.API.STREAM.${subject}.KEPT`, body)).string());
    } finally {
      await nc.close();
    }
  };
  await streamInfo('CREATE', JSON.stringify({ name: 'KEPT', subjects: ['kept.>'], storage: 'file' }));
  const info = await streamInfo('INFO', '');
  assert.ok(typeof info === 'object' && info !== null && !('error' in info), JSON.stringify(info));
});

test('The server ends when the process that started it is killed', {
  skip: process.platform === 'linux' ? false : 'only Linux tells a child of its parent’s death',
}, async () => {
  const script = `
    const { startNatsServer } = await import(process.argv[1]);
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const server = await startNatsServer({ binary: process.argv[2], storeDir: process.argv[3], port: 0, logger });
    console.log(server.port);
    setInterval(() => undefined, 1000);`;
  const door = new URL('../../src/host/nats-server/index.ts', import.meta.url).href;
  const args = ['--input-type=module', '-e', script, door, binary, join(folder, 'orphan')];
  const owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: owner.stdout }), 'line');
  const port = Number(line);
  assert.equal(await accepts(port), true);
  owner.kill('SIGKILL');
  // The port tells, not the process id: who adopts the dead server may be slow to bury it.
  for (let waitedMs = 0; waitedMs < 20_000 && (await accepts(port)); waitedMs += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(await accepts(port), false);
});
