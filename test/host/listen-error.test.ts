import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { listenError } from '../../src/host/listen-error.ts';

/** What a server says that is to listen there. */
async function causeAt(host: string, port: number): Promise<unknown> {
  const server = createServer();
  const failed = once(server, 'error');
  server.listen(port, host);
  const [cause] = await failed;
  return cause;
}

test('A port that another program has is told from an address that there is not', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const taken = listenError(
    'Cannot serve HTTP',
    { host: '127.0.0.1', port },
    '--http',
    await causeAt('127.0.0.1', port),
  );
  other.close();
  assert.equal(taken.code, 'HS_PORT_TAKEN');
  assert.equal(taken.message, `Cannot serve HTTP at 127.0.0.1:${port}: the port is in use`);
  assert.match(taken.hint ?? '', /--http, such as 127\.0\.0\.1:0/);

  const strange = { host: '192.0.2.1', port: 1 };
  const nowhere = listenError(
    'Cannot let debuggers attach',
    strange,
    '--inspect',
    await causeAt('192.0.2.1', 1),
  );
  assert.equal(nowhere.code, 'HS_USAGE');
  assert.equal(
    nowhere.message,
    'Cannot let debuggers attach at 192.0.2.1:1: this machine has no such address',
  );
});

test('What the system says of an address is put in words', () => {
  for (const [code, words] of [
    ['ENOTFOUND', 'there is no such host'],
    ['EAI_AGAIN', 'the name cannot be resolved now'],
    ['EACCES', 'this user may not listen there'],
    ['EODD', 'odd'],
  ] as const) {
    const cause = Object.assign(new Error('odd'), { code });
    const found = listenError('Cannot serve metrics', { host: 'nope', port: 9 }, '--metrics', cause);
    assert.equal(found.message, `Cannot serve metrics at nope:9: ${words}`);
  }
});
