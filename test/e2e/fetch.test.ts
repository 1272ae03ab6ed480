import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { handler, startTestHost } from '../support/host.ts';
import { startLocalServer } from '../support/http.ts';

const server = await startLocalServer((request, response) => {
  response.end(`${request.method} ${request.url} by ${request.headers['user-agent']}`);
});
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

test('A deployment whose pattern could mean more than it says is refused', async () => {
  await assert.rejects(
    world.deploy({ name: 'wide', code: handler('return 1'), bindings: { WEB: { http: ['https://*/*'] } } }),
    { code: 'HS_NEXFILE_INVALID' },
  );
});
