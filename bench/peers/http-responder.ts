/** The floor of HTTP: what a bare node:http server does that gives back what it gets. */

import { createServer } from 'node:http';
import { childOptions, serveParent } from '../../src/measure/index.ts';

export type HttpResponderCommands = {
  readonly port: { readonly params: null; readonly result: number };
};

childOptions<Record<never, never>>();
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

serveParent<HttpResponderCommands>(
  {
    async port() {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('The server has no port');
      return address.port;
    },
  },
  async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  },
);
