/** The floor of HTTP: a bare node:http server that gives back what it gets. Started by `startHttpEchoProcess`. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpEchoCommands } from './load-commands.ts';
import { serveParent } from './serve-parent.ts';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    response.setHeader('Content-Length', body.length);
    response.end(body);
  });
});
await new Promise<void>((resolve) => {
  server.listen(0, '127.0.0.1', resolve);
});

serveParent<HttpEchoCommands>({ port: async () => (server.address() as AddressInfo).port }, async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
