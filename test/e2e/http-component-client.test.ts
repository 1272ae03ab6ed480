import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { buildComponent } from '../support/component/index.ts';
import { startTestHost } from '../support/host.ts';
import { startLocalServer } from '../support/http.ts';
import { proxyComponent } from '../support/http-client-texts.ts';

const upstream = await startLocalServer(async (request, response) => {
  const body = await text(request);
  if (request.url === '/gzip') {
    response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('plain'));
    return;
  }
  if (request.url === '/cut') {
    response.writeHead(200, { 'Content-Length': '9' }).write('half');
    setTimeout(() => response.destroy(), 10);
    return;
  }
  response.writeHead(request.url === '/teapot' ? 418 : 200).end(`${request.method} ${request.url} ${body}`);
});
const world = await startTestHost({
  http: { host: '127.0.0.1', port: 0, names: {}, ownNamespace: 'default' },
});
after(async () => {
  await world[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});
const origin = world.host.httpUrl ?? '';
const { host: authority } = new URL(upstream.origin);

interface Asked {
  readonly status: number;
  readonly text: string;
}

async function proxy(
  name: string,
  path: string,
  bindings: Readonly<Record<string, object>>,
  scheme = 0,
): Promise<Asked> {
  const code = buildComponent(proxyComponent(authority, path, scheme));
  await world.deploy({ name, code, triggers: [{ http: { route: `/${name}` } }], bindings });
  const response = await fetch(`${origin}/${name}`);
  return { status: response.status, text: await response.text() };
}

const WEB = { http: [`${upstream.origin}/*`], private: true };

test('A component sends a request by its http binding, waits for the answer, and reads it', async () => {
  assert.deepEqual(await proxy('plain', '/a?b=c', { WEB }), { status: 200, text: 'POST /a?b=c sent' });
  assert.deepEqual(await proxy('teapot', '/teapot', { WEB }), { status: 418, text: 'POST /teapot sent' });
  assert.deepEqual(await proxy('gzip', '/gzip', { WEB }), { status: 200, text: 'plain' });
  const other = { http: ['https://api.example.com/*'] };
  assert.deepEqual(await proxy('second', '/b', { OTHER: other, WEB }), { status: 200, text: 'POST /b sent' });
});

test('What a binding does not grant, an address that it must not reach, and an answer that breaks off are error codes', async () => {
  const elsewhere = { http: ['https://api.example.com/*'] };
  // HTTP-request-denied, destination-IP-prohibited, and internal-error with its text.
  assert.deepEqual(await proxy('denied', '/a', { WEB: elsewhere }), { status: 502, text: '?' });
  assert.deepEqual(await proxy('private', '/a', { WEB: { http: [`${upstream.origin}/*`] } }), {
    status: 502,
    text: '4',
  });
  const cut = await proxy('cut', '/cut', { WEB });
  assert.equal(cut.status, 502);
  assert.match(cut.text, /^VHS_HTTP_CUT: /);
});

test('A request that is none is refused before it is sent', async () => {
  // HTTP-request-URI-invalid.
  assert.deepEqual(await proxy('scheme', '/a', { WEB }, 2), { status: 400, text: 'C' });
});

test('A component that sends requests needs an http binding to be deployed', async () => {
  const code = buildComponent(proxyComponent(authority, '/a'));
  await assert.rejects(
    world.deploy({ name: 'unbound', code, triggers: [{ http: { route: '/unbound' } }] }),
    (error: Error & { code: string; hint: string }) => {
      assert.equal(error.code, 'HS_WASM_INVALID');
      assert.match(
        error.message,
        /"wasi:http\/outgoing-handler@0.2.3", and no binding of the function grants it/,
      );
      return true;
    },
  );
});

test('Requests that wait for an answer do not hold up others of the same function', async () => {
  const code = buildComponent(proxyComponent(authority, '/many'));
  await world.deploy({ name: 'many', code, triggers: [{ http: { route: '/many' } }], bindings: { WEB } });
  const texts = await Promise.all(
    Array.from({ length: 20 }, async () => (await fetch(`${origin}/many`)).text()),
  );
  assert.deepEqual([...new Set(texts)], ['POST /many sent']);
});
