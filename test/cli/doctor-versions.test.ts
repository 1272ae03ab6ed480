import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { startTestNats } from '../support/nats.ts';
import { runCli } from './support/cli.ts';

function renamed(info: string, version: string): string {
  return info.replace(/"version":"[^"]*"/, `"version":"${version}"`);
}

/** A server in front of `port` which says that it is of `version`. */
async function pretend(port: number, version: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((client) => {
    const behind = connect({ host: '127.0.0.1', port });
    // Some servers tell it again once a client is connected.
    behind.on('data', (chunk: Buffer) => {
      const told = chunk.toString('latin1').replace(/^INFO .*$/gm, (info) => renamed(info, version));
      client.write(told, 'latin1');
    });
    client.pipe(behind);
    for (const socket of [client, behind]) socket.on('error', () => undefined);
    client.on('close', () => behind.destroy());
    behind.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

for (const [version, expected] of [
  [
    '2.10.26',
    /✖ {2}NATS version {2}Cannot use nats-server 2\.10\.26 at .*: Hairspring needs 2\.10\.27 or newer/,
  ],
  ['2.11.3', /! {2}NATS version {2}nats-server 2\.11\.3: KV values cannot have a life of their own/],
  ['2.11.4', /✓ {2}NATS version {2}nats-server 2\.11\.4$/m],
] as const)
  test(`doctor tells what nats-server ${version} lacks`, async () => {
    await using nats = await startTestNats();
    await using server = await pretend(nats.port, version);
    const run = await runCli(['doctor', '--server', server.url]);
    assert.match(run.stdout, expected);
  });
