import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { HostCaller } from '../../src/core/index.ts';
import { HTTP_LIMITS } from '../../src/hostservices/http/limits.ts';
import { httpBinding, type LocalServer, openHttp, PATIENT, startLocalServer } from '../support/http.ts';
import { until } from '../support/turns.ts';

let server: LocalServer;
/** What the server was asked last. */
let seen: { method: string; url: string; headers: Record<string, unknown>; rawNames: string[]; body: string };

const BOMB = gzipSync(Buffer.alloc(HTTP_LIMITS.responseBytes + 1));

before(async () => {
  server = await startLocalServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url = '', headers, rawHeaders } = request;
    const rawNames = rawHeaders.filter((_text, at) => at % 2 === 0).map((name) => name.toLowerCase());
    seen = { method, url, headers, rawNames, body: Buffer.concat(chunks).toString() };
    const encoded: Readonly<Record<string, readonly [string, Uint8Array]>> = {
      '/gzip': ['gzip', gzipSync('packed')],
      '/br': ['br', brotliCompressSync('packed')],
      '/deflate': ['deflate', deflateSync('packed')],
      '/twice': ['gzip, br', brotliCompressSync(gzipSync('packed'))],
      '/thrice': ['gzip, gzip, gzip', gzipSync(gzipSync(gzipSync('packed')))],
      '/unknown': ['zstd-9', Buffer.from('as is')],
      '/corrupt': ['gzip', Buffer.from('this is not gzip')],
      '/cut': ['gzip', gzipSync('packed').subarray(0, 15)],
      '/bomb': ['gzip', BOMB],
    };
    const [path = ''] = url.split('?');
    const found = encoded[path];
    if (found !== undefined) {
      response.writeHead(200, { 'content-encoding': found[0] }).end(found[1]);
      return;
    }
    switch (path) {
      case '/nothing':
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': '0' }).end();
        return;
      case '/nothing-in-chunks':
        response.writeHead(200, { 'content-encoding': 'gzip, br', 'transfer-encoding': 'chunked' });
        response.flushHeaders();
        // Later than what comes beside the headers.
        setTimeout(() => response.end(), 2 * HTTP_LIMITS.besideMs);
        return;
      case '/nothing-yet':
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': '10' }).flushHeaders();
        setTimeout(() => response.destroy(), 5);
        return;
      case '/slow':
        return;
      case '/stall':
        response.writeHead(200, { 'content-length': '10' }).write('12345');
        return;
      case '/break':
        response.writeHead(200, { 'content-length': '10' }).write('12345');
        setTimeout(() => response.destroy(), 5);
        return;
      case '/announced':
        response.writeHead(200, { 'content-length': String(HTTP_LIMITS.responseBytes + 1) }).flushHeaders();
        return;
      case '/endless': {
        const more = (): void => {
          while (response.writable && response.write(Buffer.alloc(65_536)));
        };
        response.on('drain', more);
        more();
        return;
      }
      case '/headers':
        for (let at = 0; at < 300; at += 1) response.setHeader(`x-${at}`, 'v');
        response.end();
        return;
      case '/header-bytes':
        response.setHeader('x', 'v'.repeat(70_000));
        response.end();
        return;
      case '/cookies':
        response.writeHead(201, 'Fine', { 'set-cookie': ['a=1', 'b=2'] }).end('x');
        return;
      case '/bad-chunk':
        response.socket?.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n');
        return;
      case '/garbage':
        response.socket?.end('NATS 1 2 3\r\n\r\n');
        return;
      default:
        response.end(`hello ${url}`);
    }
  });
});

after(() => server[Symbol.asyncDispose]());

const open = () => openHttp(httpBinding([`${server.origin}/*`], { private: true }));

test('A request goes out as it was given, and the answer comes back whole', async () => {
  const answer = await open().fetch(`${server.origin}/a%20b?q=1`, {
    method: 'POST',
    headers: ['X-Own', 'v', 'Authorization', 'Bearer t', 'Cookie', 'a=1', 'cookie', 'b=2'],
    body: 'päyload',
  });
  assert.equal(answer.status, 200);
  assert.equal(answer.body.toString(), 'hello /a%20b?q=1');
  assert.equal(answer.url, `${server.origin}/a%20b?q=1`);
  assert.equal(answer.redirected, false);
  assert.equal(seen.method, 'POST');
  assert.equal(seen.body, 'päyload');
  assert.equal(seen.headers['x-own'], 'v');
  assert.equal(seen.headers['authorization'], 'Bearer t');
  assert.equal(seen.headers['cookie'], 'a=1; b=2');
  assert.equal(seen.headers['content-length'], '8');
  assert.equal(seen.headers['host'], `127.0.0.1:${server.port}`);
});

test('Status, status text and repeated headers of an answer are kept', async () => {
  const answer = await open().fetch(`${server.origin}/cookies`);
  assert.deepEqual([answer.status, answer.statusText], [201, 'Fine']);
  assert.deepEqual(answer.header('set-cookie'), ['a=1', 'b=2']);
});

test('Headers of the connection are not the function’s to set', async () => {
  const names = [
    'host',
    'content-length',
    'connection',
    'transfer-encoding',
    'te',
    'trailer',
    'upgrade',
    'expect',
    'keep-alive',
  ];
  const own = [...names, 'proxy-authorization', 'proxy-connection', 'accept-encoding'];
  const headers = own.flatMap((name) => [name, name === 'content-length' ? '1000' : 'chunked']);
  await open().fetch(`${server.origin}/x`, { headers, method: 'POST', body: 'abc' });
  assert.equal(seen.body, 'abc');
  assert.equal(seen.headers['host'], `127.0.0.1:${server.port}`);
  assert.equal(seen.headers['content-length'], '3');
  assert.equal(seen.headers['accept-encoding'], 'gzip, deflate, br');
  for (const name of [
    'transfer-encoding',
    'te',
    'trailer',
    'upgrade',
    'expect',
    'proxy-authorization',
    'proxy-connection',
  ])
    assert.equal(seen.headers[name], undefined, name);
  assert.equal(new Set(seen.rawNames).size, seen.rawNames.length, 'no header is sent twice');
});

test('Nothing of the host’s environment is told to a server', async () => {
  await open().fetch(`${server.origin}/plain`);
  assert.deepEqual(Object.keys(seen.headers).sort(), [
    'accept',
    'accept-encoding',
    'connection',
    'host',
    'user-agent',
  ]);
});

test('A header, method, URL or list of headers that could carry another request is refused', async () => {
  const handle = open();
  const url = `${server.origin}/x`;
  for (const headers of [
    ['x', 'a\r\nHost: evil'],
    ['x\r\ny', 'a'],
    ['x', 'a\nb'],
    ['x', 'a\0b'],
    ['x', 'Ā'],
    ['', 'a'],
    ['x y', 'a'],
    ['x:', 'a'],
    [':path', 'a'],
    ['x'],
  ])
    assert.equal(await handle.code(url, { headers }), 'HS_HOST_CALL_INVALID', JSON.stringify(headers));
  for (const method of ['CONNECT', 'trace', 'TRACK', 'GET /x HTTP/1.1\r\nx: y', '', 'A B', 'X'.repeat(33)])
    assert.equal(await handle.code(url, { method }), 'HS_HOST_CALL_INVALID', method);
  for (const bad of [
    '',
    'x',
    'file:///etc/passwd',
    'ftp://e.test/',
    'data:,x',
    'http://u:p@127.0.0.1/',
    `http://u@127.0.0.1:${server.port}/`,
    'http:///',
    `${url}?${'q'.repeat(9_000)}`,
  ])
    assert.equal(await handle.code(bad), 'HS_HOST_CALL_INVALID', bad);
  const { prepared } = handle;
  const caller = { id: 1, deadlineMs: Number.POSITIVE_INFINITY };
  for (const args of [
    [],
    [1, 'GET', url],
    [1, 'GET', url, '{}', 'follow'],
    [1, 'GET', url, '[1,2]', 'follow'],
    [1, 'GET', url, '[', 'follow'],
    [1, 'GET', null, '[]', 'follow'],
  ])
    await assert.rejects(prepared.call({ op: 'open', args, payload: undefined }, caller), {
      code: /INVALID|TOO_LARGE/,
    });
  await assert.rejects(prepared.call({ op: 'constructor', args: [], payload: undefined }, caller), {
    code: 'HS_HOST_CALL_INVALID',
  });
});

test('Too many headers, or too many bytes of them, are refused before anything is sent', async () => {
  const handle = open();
  const many = Array.from({ length: HTTP_LIMITS.requestHeaders + 1 }, (_, at) => [`x-${at}`, 'v']).flat();
  assert.equal(await handle.code(`${server.origin}/x`, { headers: many }), 'HS_HTTP_TOO_LARGE');
  const long = ['x', 'v'.repeat(HTTP_LIMITS.requestHeaderBytes)];
  assert.equal(await handle.code(`${server.origin}/x`, { headers: long }), 'HS_HTTP_TOO_LARGE');
  const huge = ['x', 'v'.repeat(10 * HTTP_LIMITS.requestHeaderBytes)];
  assert.equal(await handle.code(`${server.origin}/x`, { headers: huge }), 'HS_HTTP_TOO_LARGE');
  const body = new Uint8Array(HTTP_LIMITS.requestBytes + 1);
  assert.equal(await handle.code(`${server.origin}/x`, { method: 'POST', body }), 'HS_HTTP_TOO_LARGE');
});

test('Encoded bodies come decoded, whatever the server chose of what was offered', async () => {
  const handle = open();
  for (const path of ['gzip', 'br', 'deflate', 'twice'])
    assert.equal((await handle.fetch(`${server.origin}/${path}`)).body.toString(), 'packed', path);
  assert.equal((await handle.fetch(`${server.origin}/unknown`)).body.toString(), 'as is');
});

test('A body that is said to be encoded and is empty is empty, and one that is cut before its first byte is cut', async () => {
  const handle = open();
  for (const path of ['nothing', 'nothing-in-chunks'])
    assert.equal((await handle.fetch(`${server.origin}/${path}`)).body.length, 0, path);
  assert.equal(await handle.code(`${server.origin}/nothing-yet`), 'HS_HTTP_CUT');
});

test('A body that decodes to too much, never ends, or is encoded too often is refused', async () => {
  assert.ok(BOMB.length < 20_000);
  const handle = open();
  for (const path of ['bomb', 'endless', 'announced', 'thrice', 'headers', 'header-bytes'])
    assert.equal(await handle.code(`${server.origin}/${path}`), 'HS_HTTP_TOO_LARGE', path);
});

test('A broken answer is a coded error that names the URL and nothing inside', async () => {
  const handle = open();
  for (const [path, code] of [
    ['corrupt', 'HS_HTTP_UNREACHABLE'],
    ['garbage', 'HS_HTTP_UNREACHABLE'],
    ['bad-chunk', 'HS_HTTP_UNREACHABLE'],
    ['cut', 'HS_HTTP_CUT'],
    ['break', 'HS_HTTP_CUT'],
  ] as const) {
    const error = await handle.refused(`${server.origin}/${path}?token=secret`);
    assert.equal(error.code, code, path);
    assert.ok(error.message.includes(`${server.origin}/${path}`), error.message);
    assert.ok(!error.message.includes('secret'), error.message);
  }
});

test('A server that does not answer, or stops in the middle, costs no more than the invocation has left', async () => {
  const handle = open();
  for (const path of ['slow', 'stall']) {
    const caller = { id: 1, deadlineMs: performance.now() + 60 };
    const error = await handle.refused(`${server.origin}/${path}`, { caller });
    assert.equal(error.code, 'HS_HTTP_TIMEOUT', path);
    assert.match(error.message, /before the invocation ends/);
  }
  assert.equal(
    await handle.code(`${server.origin}/x`, { caller: { id: 1, deadlineMs: 0 } }),
    'HS_HTTP_TIMEOUT',
  );
});

test('A request that the function gives up ends at the server too', async () => {
  const handle = open();
  let closed = 0;
  server.server.once('request', (_request, response) => response.once('close', () => (closed += 1)));
  const arrived = new Promise((resolve) => server.server.once('request', resolve));
  const code = handle.code(`${server.origin}/slow`, { number: 77 });
  await arrived;
  const other = { id: 2, deadlineMs: Number.POSITIVE_INFINITY };
  await handle.prepared.call({ op: 'close', args: [78], payload: undefined }, other);
  await handle.prepared.call({ op: 'close', args: [77], payload: undefined }, other);
  assert.equal(await code, 'HS_HTTP_CANCELLED');
  await until(() => closed > 0);
});

test('An invocation has so many requests under way and no more, and others are not in its way', async () => {
  const handle = open();
  const pending = Array.from({ length: HTTP_LIMITS.requestsPerInvocation }, (_, number) =>
    handle.code(`${server.origin}/slow`, { number }),
  );
  assert.equal(await handle.code(`${server.origin}/x`), 'HS_HTTP_LIMIT');
  const other = { id: 2, deadlineMs: Number.POSITIVE_INFINITY };
  assert.equal((await handle.fetch(`${server.origin}/x`, { caller: other })).status, 200);
  for (let number = 0; number < pending.length; number += 1)
    await handle.prepared.call({ op: 'close', args: [number], payload: undefined }, other);
  assert.deepEqual(new Set(await Promise.all(pending)), new Set(['HS_HTTP_CANCELLED']));
  assert.equal((await handle.fetch(`${server.origin}/x`)).status, 200);
});

test('A kept connection is used again, and a closed one does not fail the next request', async () => {
  const handle = open();
  const before = server.connections();
  for (let round = 0; round < 3; round += 1) await handle.fetch(`${server.origin}/x`);
  assert.equal(server.connections(), before + 1);
  server.server.closeAllConnections();
  assert.equal((await handle.fetch(`${server.origin}/x`)).status, 200);
});

test('A request carries the place in the trace of who makes it, unless the function has set one itself', async () => {
  const place = (digit: string): string => `00-${'1'.repeat(32)}-${digit.repeat(16)}-01`;
  const traced: HostCaller = { ...PATIENT, trace: { traceparent: place('2'), tracestate: 'a=1' } };
  const sentBy = async (caller: HostCaller, headers: string[] = []): Promise<unknown[]> => {
    await open().fetch(`${server.origin}/echo`, { caller, headers });
    return [seen.headers['traceparent'], seen.headers['tracestate']];
  };
  assert.deepEqual(await sentBy(traced), [place('2'), 'a=1']);
  assert.deepEqual(await sentBy(traced, ['Traceparent', place('3')]), [place('3'), undefined]);
  assert.deepEqual(await sentBy(PATIENT), [undefined, undefined]);
});
