import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { test } from 'node:test';
import {
  encodeRequest,
  fieldOf,
  Histogram,
  HttpConnection,
  HttpLoop,
  type HttpRequest,
  httpSlots,
  runOpenLoop,
} from '../../src/measure/index.ts';

async function startServer(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function post(port: number, path: string): HttpRequest {
  return encodeRequest({ port, path, method: 'POST', headers: [], body: Buffer.alloc(100, 'x') });
}

test('The HTTP client reads a reply that comes in pieces, and the next one on the same connection', async () => {
  await using server = await startServer((request, response) => {
    request.resume();
    response.setHeader('Content-Length', 4);
    response.flushHeaders();
    response.write('a\r');
    setTimeout(() => response.end('\nb'), 20);
  });
  using connection = await HttpConnection.open(server.port);
  for (const path of ['/first', '/second']) {
    const { status, body } = await connection.ask(post(server.port, path), 5_000);
    assert.deepEqual([status, body.toString()], [200, 'a\r\nb']);
  }
});

test('A reply without Content-Length and a closed connection are errors, not silence', async () => {
  await using chunked = await startServer((_, response) => {
    response.write('some');
    response.end('more');
  });
  using first = await HttpConnection.open(chunked.port);
  await assert.rejects(first.ask(post(chunked.port, '/'), 5_000), /without Content-Length/);
  await using closing = await startServer((request) => request.socket.destroy());
  using second = await HttpConnection.open(closing.port);
  await assert.rejects(second.ask(post(closing.port, '/'), 5_000), /closed|ECONNRESET/);
});

test('The HTTP loop counts replies of another status or body as wrong', async () => {
  let served = 0;
  await using server = await startServer((request, response) => {
    request.resume();
    served += 1;
    response.statusCode = served % 2 === 0 ? 500 : 200;
    response.setHeader('Content-Length', 2);
    response.end('ok');
  });
  const { port } = server;
  const loop = await HttpLoop.open({
    ...{ port, request: post(port, '/'), inFlight: 2 },
    isExpected: ({ status, body }) => status === 200 && body.toString() === 'ok',
  });
  const histogram = new Histogram();
  loop.tally.recordInto(histogram);
  while (served < 20) await new Promise((resolve) => setTimeout(resolve, 5));
  await loop.stop(5_000);
  assert.equal(loop.tally.outstanding, 0);
  assert.equal(loop.tally.wrong, Math.floor(served / 2));
  assert.equal(loop.tally.firstWrong, '500 ok');
  assert.ok(histogram.count > 0 && histogram.count <= served);
});

test('Replies without a body do not hold up the next one, whatever length they tell', async () => {
  await using server = await startServer((request, response) => {
    response.setHeader('Seen', `${request.method} ${request.headers['content-length'] ?? 'no length'}`);
    if (request.url === '/none') response.writeHead(204);
    else response.setHeader('Content-Length', 4);
    response.end(request.url === '/none' ? undefined : 'four');
  });
  const { port } = server;
  using connection = await HttpConnection.open(port);
  const ask = async (method: string, path: string) => {
    const request = encodeRequest({ port, path, method, headers: [], body: new Uint8Array() });
    const reply = await connection.ask(request, 5_000);
    return [reply.status, fieldOf(reply, 'seen'), reply.body.toString()];
  };
  assert.deepEqual(await ask('HEAD', '/'), [200, 'HEAD no length', '']);
  assert.deepEqual(await ask('DELETE', '/none'), [204, 'DELETE 0', '']);
  assert.deepEqual(await ask('GET', '/'), [200, 'GET no length', 'four']);
});

test('A request without a reply in time is an error, and its connection is closed', async () => {
  await using server = await startServer(() => undefined);
  using connection = await HttpConnection.open(server.port);
  await assert.rejects(connection.ask(post(server.port, '/'), 50), /No reply within 50 ms/);
  assert.equal(connection.isOpen, false);
});

test('An open loop over HTTP keeps its rate, on a connection for each request under way', async () => {
  let served = 0;
  await using server = await startServer((request, response) => {
    request.resume();
    served += 1;
    response.statusCode = request.url === '/good' ? 200 : 500;
    response.setHeader('Content-Length', 2);
    response.end('ok');
  });
  const { port } = server;
  const run = (path: string) =>
    runOpenLoop({
      open: httpSlots({ port, request: post(port, path), isExpected: ({ status }) => status === 200 }),
      ...{ perSecond: 200, maxOutstanding: 20, warmupMs: 50, windowMs: 400, drainMs: 5_000 },
    });
  const good = await run('/good');
  assert.deepEqual([good.arrivals, good.latencyUs.count, good.wrong, good.lost], [80, 80, 0, 0]);
  assert.equal(served, 90);
  const bad = await run('/bad');
  assert.deepEqual([bad.wrong, bad.firstWrong], [90, '500 ok']);
});
