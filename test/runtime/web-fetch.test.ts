import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type HttpBinding, systemClock } from '../../src/core/index.ts';
import { createHttpService } from '../../src/hostservices/http/provider.ts';
import { createTestFunction, handlerOf, type TestFunction } from '../support/functions.ts';
import { httpBinding, type LocalServer, resolverOf, startLocalServer } from '../support/http.ts';
import { until } from '../support/turns.ts';

let server: LocalServer;
let closed = 0;
let received = 0;

before(async () => {
  server = await startLocalServer(async (request, response) => {
    response.once('close', () => {
      if (!response.writableFinished) closed += 1;
    });
    const { url = '', method, headers } = request;
    received += 1;
    if (url === '/slow') return;
    if (url === '/gzip') {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('packed ü'));
      return;
    }
    if (url.startsWith('/encoded?')) {
      const encoding = decodeURIComponent(url.slice('/encoded?'.length));
      const packed = encoding.includes('gzip') ? gzipSync('packed') : Buffer.from('packed');
      const headers = encoding === 'none' ? {} : { 'content-encoding': encoding };
      response.writeHead(200, { ...headers, 'content-length': String(packed.length) }).end(packed);
      return;
    }
    if (url === '/bytes') {
      response.end(Buffer.from([0, 255, 128]));
      return;
    }
    if (url === '/redirect') {
      response.writeHead(302, { location: '/end' }).end();
      return;
    }
    let body = '';
    for await (const chunk of request) body += chunk;
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    response.setHeader('x-own', 'v');
    response.writeHead(url === '/missing' ? 404 : 200);
    response.end(
      JSON.stringify({
        url,
        method,
        body,
        type: headers['content-type'] ?? null,
        own: headers['x-own'] ?? null,
      }),
    );
  });
});

after(() => server[Symbol.asyncDispose]());

/** A function with these http bindings, which runs the body that it is sent. */
function fetcher(
  bindings: Readonly<Record<string, HttpBinding>>,
  limits: { timeoutMs?: number } = {},
): TestFunction {
  const service = createHttpService({ clock: systemClock, resolve: resolverOf({}) });
  return createTestFunction(
    handlerOf('return JSON.stringify(await (0, eval)("(async (env) => {" + msg.text() + "})")(env))'),
    {
      bindings,
      limits,
      prepared: Object.fromEntries(
        Object.entries(bindings).map(([label, binding]) => [label, service.prepare(label, binding)]),
      ),
    },
  );
}

const open = (): HttpBinding => httpBinding([`${server.origin}/*`], { private: true });

async function run(probe: TestFunction, body: string): Promise<unknown> {
  return JSON.parse((await probe.text({ data: body })) || 'null');
}

const CAUGHT = '.catch((error) => [error.constructor.name, error.code, error.message])';

test('A function fetches by its binding and by the global fetch', async () => {
  using probe = fetcher({ WEB: open() });
  const seen = await run(
    probe,
    `const url = '${server.origin}/a?q=1';
    const response = await fetch(url, { method: 'post', headers: { 'X-Own': 'own' }, body: new URLSearchParams({ k: 'v ü' }) });
    const second = await env.WEB.fetch(new Request(url));
    return [response.status, response.ok, response.url === url, response.type, response.headers.get('x-own'), response.headers.getSetCookie(),
      await response.json(), (await second.json()).method];`,
  );
  assert.deepEqual(seen, [
    200,
    true,
    true,
    'basic',
    'v',
    ['a=1', 'b=2'],
    {
      url: '/a?q=1',
      method: 'POST',
      body: 'k=v+%C3%BC',
      type: 'application/x-www-form-urlencoded;charset=UTF-8',
      own: 'own',
    },
    'GET',
  ]);
});

test('Bodies come as text, bytes and streams, decoded, and status and redirects are told', async () => {
  using probe = fetcher({ WEB: open() });
  const seen = await run(
    probe,
    `const at = (path, init) => fetch('${server.origin}' + path, init);
    const streamed = new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode('str')); c.enqueue(new TextEncoder().encode('eam')); c.close(); } });
    const redirected = await at('/redirect');
    const chunks = [];
    for await (const chunk of (await at('/bytes')).body) chunks.push(...chunk);
    return [await (await at('/gzip')).text(), chunks, (await at('/missing')).status, redirected.redirected, redirected.url.endsWith('/end'),
      (await at('/redirect', { redirect: 'manual' })).status, await at('/redirect', { redirect: 'error' }).catch((error) => error.name),
      (await (await at('/x', { method: 'PUT', body: streamed, duplex: 'half' })).json()).body,
      await (await at('/x', { method: 'HEAD' })).text(), (await at('/x', { method: 'HEAD' })).body];`,
  );
  assert.deepEqual(seen, ['packed ü', [0, 255, 128], 404, true, true, 302, 'TypeError', 'stream', '', null]);
});

test('An answer that was decoded has no header that says how it was sent, and another has them', async () => {
  using probe = fetcher({ WEB: open() });
  const seen = await run(
    probe,
    `const seen = [];
    for (const [method, encoding] of [['GET', 'gzip'], ['HEAD', 'X-GZIP'], ['GET', 'none'], ['GET', 'zstd'], ['GET', 'zstd, gzip']]) {
      const { headers } = await fetch('${server.origin}/encoded?' + encodeURIComponent(encoding), { method });
      seen.push([headers.get('content-encoding'), headers.has('content-length')]);
    }
    return seen;`,
  );
  assert.deepEqual(seen, [
    [null, false],
    [null, false],
    [null, true],
    ['zstd', true],
    ['zstd, gzip', true],
  ]);
});

test('Without an http binding fetch says which one is missing', async () => {
  using probe = fetcher({});
  const seen = await run(probe, `return fetch('https://api.example.com/v1?secret=1')${CAUGHT}`);
  assert.deepEqual(seen, [
    'HostError',
    'HS_BINDING_DENIED',
    'Cannot fetch https://api.example.com: the function has no http binding that covers it; its Nexfile would need one such as WEB: { http: ["https://api.example.com/*"] }',
  ]);
});

test('The global fetch takes the first binding that covers the URL, and a binding only its own', async () => {
  using probe = fetcher({
    ONE: httpBinding([`${server.origin}/one`], { private: true }),
    TWO: httpBinding([`${server.origin}/two`], { private: true }),
  });
  const seen = await run(
    probe,
    `const status = async (call) => call.then((response) => response.status, (error) => error.code);
    const at = (path) => '${server.origin}' + path;
    return [await status(fetch(at('/one'))), await status(fetch(at('/two'))), await status(fetch(at('/three'))),
      await status(env.ONE.fetch(at('/one'))), await status(env.ONE.fetch(at('/two')))];`,
  );
  assert.deepEqual(seen, [200, 200, 'HS_BINDING_DENIED', 200, 'HS_BINDING_DENIED']);
});

test('What cannot be fetched at all is a TypeError before the host hears of it', async () => {
  using probe = fetcher({ WEB: open() });
  const seen = await run(
    probe,
    `const calls = [['file:///etc/passwd'], ['about:blank'], ['blob:x'], ['/relative'], ['http://u:p@e.test/'], ['http://e.test:25/'],
      ['http://e.test/', { method: 'TRACE' }], ['http://e.test/', { method: 'GET', body: 'x' }], ['http://e.test/', { headers: { 'a b': 'c' } }]];
    const names = [];
    for (const args of calls) names.push(await fetch(...args).then(() => 'fetched', (error) => error.constructor.name));
    return names;`,
  );
  assert.deepEqual(seen, Array(9).fill('TypeError'));
});

test('A data URL is fetched without a binding', async () => {
  using probe = fetcher({});
  const seen = await run(
    probe,
    `const response = await fetch('data:text/plain;charset=utf-8;base64,aMO8');
    return [await response.text(), response.headers.get('content-type'), await (await fetch('data:,a%20b')).text()];`,
  );
  assert.deepEqual(seen, ['hü', 'text/plain;charset=utf-8', 'a b']);
});

test('A signal that aborts rejects with its reason and ends the request at the server', async () => {
  using probe = fetcher({ WEB: open() });
  const before = closed;
  const seen = await run(
    probe,
    `const controller = new AbortController();
    const call = fetch('${server.origin}/slow', { signal: controller.signal });
    setTimeout(() => controller.abort(new RangeError('enough')), 20);
    const first = await call.catch((error) => error.message);
    const second = await fetch('${server.origin}/x', { signal: controller.signal }).catch((error) => error.message);
    const third = await fetch('${server.origin}/x', { signal: AbortSignal.abort() }).catch((error) => error.name);
    return [first, second, third];`,
  );
  assert.deepEqual(seen, ['enough', 'enough', 'AbortError']);
  await until(() => closed > before);
});

test('A request whose signal aborts before anything is sent is not sent', async () => {
  using probe = fetcher({ OTHER: httpBinding(['https://other.example/*']), WEB: open() });
  const before = received;
  const seen = await run(
    probe,
    `const streamed = () => new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(1)); } });
    const aborted = async (init, hops) => {
      const controller = new AbortController();
      const call = fetch('${server.origin}/x', { ...init, signal: controller.signal }).catch((error) => error.message);
      for (let hop = 0; hop < hops; hop += 1) await null;
      controller.abort(new RangeError('at once'));
      return call;
    };
    return [await aborted({}, 0), await aborted({ method: 'POST', body: 'text' }, 0), await aborted({}, 1),
      await aborted({ method: 'POST', body: streamed(), duplex: 'half' }, 0)];`,
  );
  assert.deepEqual(seen, ['at once', 'at once', 'at once', 'at once']);
  assert.equal(received, before);
});

test('A request ends with what its invocation has left', async () => {
  // Long enough for the request to arrive on a busy machine.
  using probe = fetcher({ WEB: open() }, { timeoutMs: 1_000 });
  const before = closed;
  // Whichever clock strikes first: that of the invocation, or that of the request, whose error is thrown.
  const code = await probe.code({ data: `await fetch('${server.origin}/slow')` });
  assert.match(code, /^HS_FUNCTION_(TIMEOUT|THREW)$/);
  await until(() => closed > before);
});

test('A function that patches what fetch is made of gets no further than its grant', async () => {
  using probe = fetcher({ WEB: httpBinding([`${server.origin}/granted`], { private: true }) });
  const seen = await run(
    probe,
    `JSON.stringify = new Proxy(JSON.stringify, { apply: (target, self, args) => Array.isArray(args[0]) ? '["x","a\\\\r\\\\nb: c"]' : target(...args) });
    const headers = await env.WEB.fetch('${server.origin}/granted', { headers: { x: 'y' } }).then(() => 'sent', (error) => error.code);
    Array.prototype.includes = () => true;
    RegExp.prototype.test = () => true;
    String.prototype.startsWith = () => true;
    const url = await env.WEB.fetch('${server.origin}/other').then(() => 'sent', (error) => error.code);
    return [headers, url];`,
  );
  assert.deepEqual(seen, ['HS_HOST_CALL_INVALID', 'HS_BINDING_DENIED']);
});
