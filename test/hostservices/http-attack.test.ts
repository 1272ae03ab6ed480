import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { systemClock } from '../../src/core/index.ts';
import { CellMeter } from '../../src/hostservices/http/byte-meter.ts';
import { createGrant } from '../../src/hostservices/http/grant.ts';
import { HTTP_LIMITS } from '../../src/hostservices/http/limits.ts';
import { createHttpService } from '../../src/hostservices/http/provider.ts';
import { resolveAllowed } from '../../src/hostservices/http/resolve.ts';
import {
  handleOf,
  httpBinding,
  type LocalServer,
  openHttp,
  resolverOf,
  startLocalServer,
} from '../support/http.ts';

let server: LocalServer;
/** A second origin, on another port. */
let other: LocalServer;
let requests: { url: string; method: string; headers: Record<string, unknown>; body: string }[] = [];

before(async () => {
  server = await startLocalServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    let body = '';
    for await (const chunk of request) body += chunk;
    requests.push({ url, method, headers, body });
    const target = new URL(url, 'http://x').searchParams.get('to');
    const status = Number(new URL(url, 'http://x').searchParams.get('status') ?? 302);
    if (target === null) response.end(`${method} ${body}`);
    else response.writeHead(status, { location: target }).end('a body of the redirect');
  });
  other = await startLocalServer((request, response) => {
    requests.push({
      url: request.url ?? '',
      method: request.method ?? '',
      headers: request.headers,
      body: '',
    });
    response.end('other');
  });
});

after(async () => {
  await server[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

const redirect = (to: string, status = 302): string =>
  `${server.origin}/r?status=${status}&to=${encodeURIComponent(to)}`;

test('What no pattern covers is refused before a name is resolved or a byte is sent', async () => {
  requests = [];
  let resolved = 0;
  const service = createHttpService({
    clock: systemClock,
    resolve: async () => {
      resolved += 1;
      return [{ address: '127.0.0.1', family: 4 }];
    },
  });
  const handle = handleOf(
    service.prepare('WEB', httpBinding(['http://granted.test/*'], { methods: ['GET'], private: true })),
  );
  for (const url of [
    `${server.origin}/`,
    `http://granted.test:${server.port}/`,
    'https://granted.test/',
    'http://granted.test.evil.test/',
  ]) {
    const error = await handle.refused(url);
    assert.equal(error.code, 'HS_BINDING_DENIED', url);
    assert.match(error.message, /binding WEB grants http:\/\/granted\.test/);
  }
  assert.equal(await handle.code('http://granted.test/', { method: 'POST' }), 'HS_BINDING_DENIED');
  assert.deepEqual([resolved, requests.length], [0, 0]);
});

test('A granted name at an address that is not public is refused without private: true', async () => {
  requests = [];
  const urls = ['http://*.test/*', `http://rebind.test:${server.port}/*`];
  const addresses = [
    '127.0.0.1',
    '::1',
    '10.0.0.1',
    '169.254.169.254',
    '100.100.100.200',
    'fd00:ec2::254',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '0.0.0.0',
    '168.63.129.16',
  ];
  for (const address of addresses) {
    const handle = openHttp(httpBinding(urls), { 'rebind.test': [address] });
    const error = await handle.refused(`http://rebind.test:${server.port}/`);
    assert.equal(error.code, 'HS_HTTP_ADDRESS_DENIED', address);
    assert.ok(!error.message.includes(address), 'a function does not learn the addresses of names inside');
  }
  assert.equal(requests.length, 0);
});

test('An address written in any way is the address that it is', async () => {
  requests = [];
  const { port } = server;
  for (const host of [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '0.0.0.0',
    '0',
    '169.254.169.254',
    '[fd00:ec2::254]',
  ]) {
    const url = `http://${host}:${port}/`;
    const handle = openHttp(httpBinding([url]));
    assert.equal(await handle.code(url), 'HS_HTTP_ADDRESS_DENIED', host);
  }
  for (const host of ['0.0.0.0', '[::]', '224.0.0.1', '255.255.255.255', '[::ffff:0.0.0.0]']) {
    const url = `http://${host}:${port}/`;
    assert.equal(
      await openHttp(httpBinding([url], { private: true })).code(url),
      'HS_HTTP_ADDRESS_DENIED',
      host,
    );
  }
  assert.equal(requests.length, 0);
});

test('private: true reaches the hosts that it names', async () => {
  const url = `http://inside.test:${server.port}/`;
  const handle = openHttp(httpBinding([url], { private: true }), { 'inside.test': ['127.0.0.1'] });
  assert.equal((await handle.fetch(url)).status, 200);
});

test('The connection goes to the address that was checked, whatever the name says afterwards', async () => {
  requests = [];
  let asked = 0;
  const service = createHttpService({
    clock: systemClock,
    resolve: async () => {
      asked += 1;
      return [{ address: asked === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }];
    },
  });
  // No other resolver knows the name: a second look-up would fail the request, or lead to 10.0.0.1.
  const url = `http://rebind.invalid:${server.port}/`;
  const handle = handleOf(service.prepare('WEB', httpBinding([url], { private: true })));
  assert.equal((await handle.fetch(url)).status, 200);
  assert.deepEqual([asked, requests.length], [1, 1]);
});

test('Of several addresses only those allowed are connected to', async () => {
  const grant = createGrant('WEB', httpBinding(['http://mixed.test/*']));
  const resolve = resolverOf({ 'mixed.test': ['127.0.0.1', '192.0.1.1', '::1', '2606:4700::1'] });
  const allowed = await resolveAllowed(grant, new URL('http://mixed.test/'), resolve);
  assert.deepEqual(
    allowed.map(({ address }) => address),
    ['192.0.1.1', '2606:4700::1'],
  );
});

test('A connection that one binding was allowed is not another’s', async () => {
  const service = createHttpService({
    clock: systemClock,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  const url = `http://shared.test:${server.port}/`;
  const inside = handleOf(service.prepare('IN', httpBinding([url], { private: true })));
  const outside = handleOf(service.prepare('OUT', httpBinding([url])));
  assert.equal((await inside.fetch(url)).status, 200);
  assert.equal(await outside.code(url), 'HS_HTTP_ADDRESS_DENIED');
});

test('Each redirect is checked against the grant, one by one', async () => {
  requests = [];
  const handle = openHttp(httpBinding([`${server.origin}/*`], { private: true }));
  const twice = await handle.fetch(redirect(redirect('/end')));
  assert.deepEqual([twice.status, twice.redirected, twice.url], [200, true, `${server.origin}/end`]);
  for (const target of [
    other.origin,
    'https://evil.test/',
    'http://169.254.169.254/latest/',
    'file:///etc/passwd',
    'ftp://e.test/',
    'javascript:1',
    `http://u:p@127.0.0.1:${server.port}/`,
    '//evil.test/',
    'http://',
    redirect(other.origin),
  ]) {
    requests = [];
    const error = await handle.refused(redirect(target));
    assert.equal(error.code, 'HS_HTTP_REDIRECT_DENIED', target);
    assert.ok(
      requests.every(({ url }) => url.startsWith('/r')),
      target,
    );
  }
});

test('A redirect to an address that is not public is refused even where its name is granted', async () => {
  requests = [];
  const binding = httpBinding([`http://*.corp.test:${server.port}/*`, `http://a.test:${server.port}/*`]);
  // The first hop would need a public server; the same check sees both hops.
  const names = { 'x.corp.test': ['10.0.0.1'], 'a.test': ['127.0.0.1'] };
  assert.equal(
    await openHttp(binding, names).code(`http://x.corp.test:${server.port}/`),
    'HS_HTTP_ADDRESS_DENIED',
  );
  const granted = httpBinding([`${server.origin}/*`, `http://[::]:${server.port}/*`], { private: true });
  assert.equal(
    await openHttp(granted).code(redirect(`http://[::]:${server.port}/`)),
    'HS_HTTP_ADDRESS_DENIED',
  );
});

test('A redirect does not widen the path or the method of a grant', async () => {
  const handle = openHttp(httpBinding([`${server.origin}/r`], { private: true, methods: ['POST'] }));
  assert.equal(await handle.code(redirect('/secret', 307), { method: 'POST' }), 'HS_HTTP_REDIRECT_DENIED');
  assert.equal(
    await handle.code(redirect('/r', 303), { method: 'POST' }),
    'HS_HTTP_REDIRECT_DENIED',
    'it becomes a GET',
  );
});

test('Redirects turn POST into GET where the standard says so, and keep the body otherwise', async () => {
  const handle = openHttp(httpBinding([`${server.origin}/*`], { private: true }));
  const headers = ['content-type', 'text/plain', 'x-own', '1'];
  for (const [status, method, expected] of [
    [301, 'POST', 'GET '],
    [302, 'POST', 'GET '],
    [303, 'PUT', 'GET '],
    [307, 'POST', 'POST body'],
    [308, 'PUT', 'PUT body'],
    [301, 'PUT', 'PUT body'],
  ] as const) {
    requests = [];
    const answer = await handle.fetch(redirect('/end', status), { method, headers, body: 'body' });
    assert.equal(answer.body.toString(), expected, `${status} ${method}`);
    const last = requests.at(-1);
    assert.equal(last?.headers['x-own'], '1');
    assert.equal(last?.headers['content-type'], expected.startsWith('GET') ? undefined : 'text/plain');
  }
  assert.equal((await handle.fetch(redirect('/end'), { redirect: 'manual' })).status, 302);
});

test('What a function tells one origin is not told to the next', async () => {
  requests = [];
  const handle = openHttp(httpBinding([`${server.origin}/*`, `${other.origin}/*`], { private: true }));
  const headers = ['authorization', 'Bearer t', 'cookie', 'a=1', 'x-own', '1'];
  await handle.fetch(redirect('/end'), { headers });
  assert.equal(requests.at(-1)?.headers['authorization'], 'Bearer t');
  await handle.fetch(redirect(`${other.origin}/end`), { headers });
  const last = requests.at(-1);
  assert.deepEqual(
    [last?.headers['authorization'], last?.headers['cookie'], last?.headers['x-own']],
    [undefined, undefined, '1'],
  );
});

test('A server whose certificate cannot be verified is told nothing', async () => {
  const fixture = (name: string): string =>
    readFileSync(new URL(`../e2e/fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
  let asked = 0;
  const secure = createServer({ cert: fixture('cert'), key: fixture('key') }, (_request, response) => {
    asked += 1;
    response.end();
  });
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  const url = `https://localhost:${(secure.address() as AddressInfo).port}/`;
  const handle = openHttp(httpBinding([url], { private: true }), { localhost: ['127.0.0.1'] });
  const error = await handle.refused(url);
  secure.close();
  assert.deepEqual([error.code, asked], ['HS_HTTP_UNREACHABLE', 0]);
  assert.match(error.message, /certificate/);
});

test('Redirects in a circle end', async () => {
  await using circular = await startLocalServer((_request, response) => {
    response.writeHead(302, { location: '/' }).end();
  });
  const round = openHttp(httpBinding([`${circular.origin}/*`], { private: true }));
  assert.equal(await round.code(circular.origin), 'HS_HTTP_REDIRECT_DENIED');
});

test('The bodies that a cell holds are counted together and given back', () => {
  const meter = new CellMeter();
  const first = meter.begin();
  first.add(HTTP_LIMITS.bufferedBytesPerCell - 1);
  const second = meter.begin();
  assert.throws(() => second.add(2), { code: 'HS_HTTP_LIMIT' });
  first.end();
  first.end();
  second.add(2);
  second.end();
  assert.deepEqual([meter.requests, meter.bytes], [0, 0]);
  const all = Array.from({ length: HTTP_LIMITS.requestsPerCell }, () => meter.begin());
  assert.throws(() => meter.begin(), { code: 'HS_HTTP_LIMIT' });
  for (const each of all) each.end();
  assert.equal(meter.requests, 0);
});
