/** What the journal hears of the connections of a cell. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connectHeld } from '../../src/cell/held-transport.ts';
import { dialPaused } from '../../src/host/cells/held-socket.ts';
import { startTestNats } from '../support/nats.ts';

const file = (name: string): string => fileURLToPath(new URL(`../e2e/fixtures/tls/${name}`, import.meta.url));

const WINDOW_BYTES = 64 * 1024;

test('Each connection is told of before its first byte, also over TLS', async () => {
  await using server = await startTestNats({
    extraArguments: ['--tls', '--tlscert', file('cert.pem'), '--tlskey', file('key.pem')],
  });
  const heard: string[] = [];
  const witness = {
    startStream: () => void heard.push('begins'),
    inbound: (chunk: Uint8Array) => void heard.push(Buffer.from(chunk.subarray(0, 4)).toString('latin1')),
    sent: () => undefined,
  };
  const window = (): Uint8Array => new Uint8Array(WINDOW_BYTES);
  const windows = { buffers: [window(), window()], fill: window() } as const;
  const tls = { ca: readFileSync(file('cert.pem'), 'utf8') };
  const nc = await connectHeld(
    { name: 'held', servers: server.url, tls, reconnectTimeWait: 20 },
    dialPaused,
    witness,
    windows,
  );
  await nc.flush();
  await nc.reconnect();
  for await (const { type } of nc.status()) if (type === 'reconnect') break;
  await nc.flush();
  await nc.close();
  assert.deepEqual(
    heard.filter((one) => one === 'begins' || one === 'INFO'),
    ['begins', 'INFO', 'begins', 'INFO'],
  );
});
