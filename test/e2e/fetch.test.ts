import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { handler, startTestHost } from '../support/host.ts';
import { startLocalServer } from '../support/http.ts';

/** What is left to send, and what has come back, of the body that passes through. */
const passing = { sent: 0, received: 0, mostAhead: 0, sentSum: createHash('sha256') };
const PASSED_BYTES = 200 * 1024 ** 2;

const server = await startLocalServer(async (request, response) => {
  if (request.url === '/download') {
    for (const piece of pieces()) {
      passing.sent += piece.length;
      passing.sentSum.update(piece);
      passing.mostAhead = Math.max(passing.mostAhead, passing.sent - passing.received);
      if (!response.write(piece)) await once(response, 'drain');
    }
    response.end();
    return;
  }
  if (request.url === '/upload') {
    const sum = createHash('sha256');
    let nextStop = 0;
    for await (const chunk of request) {
      passing.received += chunk.length;
      sum.update(chunk);
      if (passing.received < nextStop) continue;
      nextStop += PASSED_BYTES / 4;
      await nothingMoves();
    }
    response.end(sum.digest('hex'));
    return;
  }
  response.end(`${request.method} ${request.url} by ${request.headers['user-agent']}`);
});

function* pieces(): Generator<Buffer> {
  for (let at = 0; at < PASSED_BYTES / 65_536; at += 1) yield Buffer.alloc(65_536, `${at} `);
}

/** Until the server gets rid of no more of what it has to send. */
async function nothingMoves(): Promise<void> {
  for (let last = -1; last !== passing.sent; ) {
    last = passing.sent;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

const world = await startTestHost();
after(async () => {
  await world[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test('A deployed function fetches what its Nexfile grants, from inside the cell, and nothing else', async () => {
  await world.deploy({
    name: 'fetcher',
    code: handler(`
      const attempt = (url) => fetch(url).then((response) => response.text(), (error) => error.code);
      const [granted, ...others] = msg.json();
      return [await attempt(granted), await Promise.all(others.map(attempt))];`),
    bindings: {
      LOCAL: { http: [`http://localhost:${server.port}/*`, `${server.origin}/*`], private: true },
      PUBLIC: { http: ['http://169.254.169.254/*', 'http://10.0.0.1/*'] },
    },
  });
  const urls = [
    `http://localhost:${server.port}/by-name`,
    `${server.origin}/by-address`,
    'http://169.254.169.254/latest/meta-data/',
    'http://10.0.0.1/',
    `http://127.0.0.2:${server.port}/`,
    'https://example.com/',
  ];
  const answer = await world.ask('fetcher', JSON.stringify(urls));
  assert.deepEqual(JSON.parse(answer.text), [
    'GET /by-name by hairspring',
    [
      'GET /by-address by hairspring',
      'HS_HTTP_ADDRESS_DENIED',
      'HS_HTTP_ADDRESS_DENIED',
      'HS_BINDING_DENIED',
      'HS_BINDING_DENIED',
    ],
  ]);
});

test('A body of 200 MiB passes through a function with 64 MiB of memory, and waits outside', async () => {
  await world.deploy({
    name: 'passer',
    code: handler(`
      const { body } = await fetch('${server.origin}/download');
      return await (await fetch('${server.origin}/upload', { method: 'POST', body, duplex: 'half' })).text();`),
    limits: { memory: '64MiB', cpu: '60s', timeout: '120s' },
    bindings: { LOCAL: { http: [`${server.origin}/*`], private: true } },
  });
  const answer = await world.ask('passer', '', { timeoutMs: 120_000 });
  assert.equal(answer.text, passing.sentSum.digest('hex'));
  assert.equal(passing.received, PASSED_BYTES);
  // Nearly all of it is in sockets; the receiver stops four times until nothing more is taken.
  assert.ok(passing.mostAhead < 48 * 1024 ** 2, `${passing.mostAhead} bytes were under way at once`);
});

test('A deployment whose pattern could mean more than it says is refused', async () => {
  await assert.rejects(
    world.deploy({ name: 'wide', code: handler('return 1'), bindings: { WEB: { http: ['https://*/*'] } } }),
    { code: 'HS_NEXFILE_INVALID' },
  );
});
