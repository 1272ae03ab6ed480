/** A stand-in for an OpenTelemetry collector that takes everything and keeps nothing. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveParent } from '../src/measure/index.ts';

/** What the bench asks it. */
export type SinkCommands = {
  /** Where it is. */
  readonly url: { readonly params: null; readonly result: string };
  /** Exports that it took, and their bytes. */
  readonly taken: {
    readonly params: null;
    readonly result: { readonly exports: number; readonly bytes: number };
  };
};

let exports = 0;
let bytes = 0;
const server = createServer((request, response) => {
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () => {
    exports += 1;
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
  });
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
serveParent<SinkCommands>(
  { url: async () => `http://127.0.0.1:${port}`, taken: async () => ({ exports, bytes }) },
  async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  },
);
