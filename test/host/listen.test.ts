import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { listen } from '../../src/host/listen.ts';

test('A server that is refused its port says so by code, and listens when it is asked again elsewhere', async () => {
  const [first, second] = [createServer(), createServer()];
  try {
    await listen(first, { host: '127.0.0.1', port: 0 }, 'Cannot serve', '--port');
    const address = first.address();
    assert.ok(typeof address === 'object' && address !== null);
    const taken = { host: '127.0.0.1', port: address.port };
    await assert.rejects(listen(second, taken, 'Cannot serve', '--port'), {
      code: 'HS_PORT_TAKEN',
      message: new RegExp(`^Cannot serve.*${address.port}`),
    });
    await listen(second, { host: '127.0.0.1', port: 0 }, 'Cannot serve', '--port');
  } finally {
    first.close();
    second.close();
  }
});

test('An error that a listening server meets later, as a connection that cannot be accepted, does not end the node', async () => {
  const server = createServer();
  try {
    await listen(server, { host: '127.0.0.1', port: 0 }, 'Cannot serve', '--port');
    for (let times = 0; times < 2; times += 1)
      assert.doesNotThrow(() => server.emit('error', new Error('accept EMFILE')));
  } finally {
    server.close();
  }
});
