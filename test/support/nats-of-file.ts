import { after } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectTo, startTestNats, type TestNats } from './nats.ts';

/** A server for the tests of one file, with a connection to it; both end with the last of them. */
export interface NatsOfFile {
  readonly server: TestNats;
  readonly nc: NatsConnection;
}

export async function startNatsOfFile(): Promise<NatsOfFile> {
  const server = await startTestNats();
  const nc = await connectTo(server);
  after(async () => {
    await nc.close();
    await server[Symbol.asyncDispose]();
  });
  return { server, nc };
}
