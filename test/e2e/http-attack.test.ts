import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHost, type TestTrigger } from '../support/host.ts';
import { ABORT, ABORT_LIMITS } from '../support/killer.ts';
import { until } from '../support/load.ts';
import { openRaw, rawRequest, readRaw, sendRaw } from '../support/raw-http.ts';

const world = await startTestHost({
  http: { host: '127.0.0.1', port: 0, names: {}, ownNamespace: 'default' },
});
after(() => world[Symbol.asyncDispose]());
const origin = world.host.httpUrl ?? '';
const { host } = new URL(origin);

const deploy = (name: string, body: string, triggers?: readonly TestTrigger[]): Promise<unknown> =>
  world.deploy({
    name,
    code: `export default { async fetch(request, env, ctx) { ${body} } };`,
    triggers: triggers ?? [{ http: { route: `/${name}` } }],
  });

/** Says what it was asked, and counts. */
await deploy(
  'seen',
  `globalThis.count = (globalThis.count ?? 0) + 1;
   return Response.json({ path: new URL(request.url).pathname, params: ctx.params, host: new URL(request.url).host,
     fields: [...request.headers], text: await request.text(), count });`,
  [{ http: { route: '/seen/*' } }],
);

async function seen(
  line = 'GET /seen/',
  fields: readonly string[] = [],
  body = '',
): Promise<Record<string, unknown>> {
  const { text, status } = await sendRaw(origin, rawRequest(origin, line, fields, body));
  assert.equal(status, 200, text);
  return JSON.parse(Buffer.from(text.slice(text.indexOf('{')), 'latin1').toString());
}

const countNow = async (): Promise<number> => Number((await seen())['count']);

test('Requests that could be read in two ways are refused, and what is smuggled in them is not run', async () => {
  const before = await countNow();
  const smuggled = `GET /seen/smuggled HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const head = `POST /seen/ HTTP/1.1\r\nHost: ${host}\r\n`;
  const attacks: Readonly<Record<string, string>> = {
    'length and chunks': `${head}Content-Length: ${smuggled.length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'chunks and length': `${head}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${smuggled}`,
    'two lengths': `${head}Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    'a list of lengths': `${head}Content-Length: 0, ${smuggled.length}\r\n\r\n${smuggled}`,
    'a signed length': `${head}Content-Length: +0\r\n\r\n${smuggled}`,
    'chunked not last': `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
    'an encoding besides chunked': `${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'chunked twice': `${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'chunks in HTTP/1.0': `${head.replace('1.1', '1.0')}Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'an encoding in disguise': `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'a space before the colon': `${head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'a folded line': `${head}X-A: b\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'a bare line feed': `${head}X-A: b\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'a bare carriage return': `${head}X-A: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'a NUL in a value': `${head}X-A: b\0c\r\nContent-Length: 0\r\n\r\n${smuggled}`,
    'a chunk of a wrong size': `${head}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n${smuggled}`,
    'a body of a GET': `GET /seen/ HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    'another protocol': `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
    'an unknown version': `GET /seen/ HTTP/1.2\r\nHost: ${host}\r\n\r\n${smuggled}`,
  };
  for (const [name, bytes] of Object.entries(attacks)) {
    const { statuses, text } = await sendRaw(origin, bytes);
    assert.deepEqual(statuses, [400], `${name}: ${text}`);
    assert.match(text, /HS_GATEWAY_REQUEST_INVALID/, name);
  }
  assert.equal(await countNow(), before + 1);
});

test('Garbage behind a request that is being served ends the connection and is not taken for its answer', async () => {
  await deploy('waits', `await new Promise((r) => setTimeout(r, 300)); return new Response('served');`);
  const { text } = await sendRaw(origin, `GET /waits HTTP/1.1\r\nHost: ${host}\r\n\r\n\0\0garbage\r\n\r\n`);
  assert.equal(text, '');
});

test('Paths that parsers take for different ones are refused; the others reach the function as they were routed', async () => {
  const refused = [
    '/seen/../secret',
    '/seen/./x',
    '/seen/..',
    '/seen/%2e%2e/secret',
    '/seen/.%2E/secret',
    '/seen/a%2fb',
    '/seen/a%2Fb',
    '/seen/a%5cb',
    '/seen/a\\b',
    '/seen/a%00b',
    '/seen/a%0d%0aX-Y:z',
    '/seen/%zz',
    '/seen/%c0%ae%c0%ae/',
    '/seen/%ff',
    '/seen/#fragment',
    'http://evil.example/seen/',
    '*',
    'seen/',
  ];
  for (const target of refused) {
    const { status, text } = await sendRaw(origin, rawRequest(origin, `GET ${target}`));
    assert.equal(status, 400, `${target}: ${text}`);
  }
  const taken = {
    '/seen/a%20b': 'a b',
    '/seen/%61%7e': 'a~',
    '/seen//x': '/x',
    '/seen/...': '...',
    '/seen/%E2%82%AC': '€',
    '/seen/a?b=../..%2f%00': 'a',
    '/seen/__proto__': '__proto__',
  };
  for (const [target, rest] of Object.entries(taken))
    assert.deepEqual((await seen(`GET ${target}`))['params'], { '0': rest }, target);
});

test('The Host header cannot be forged into another host, left out or doubled', async () => {
  const ask = (fields: string): Promise<{ readonly status: number }> =>
    sendRaw(origin, `GET /seen/ HTTP/1.1\r\n${fields}Connection: close\r\n\r\n`);
  assert.equal((await ask('')).status, 400);
  assert.equal((await ask(`Host: ${host}\r\nHost: ${host}\r\n`)).status, 400);
  for (const forged of [
    '',
    ' ',
    `${host}@evil.example`,
    `evil.example/${host}`,
    `${host}#`,
    `${host}:1:2`,
    'a b',
    '[::1',
  ])
    assert.equal((await ask(`Host: ${forged}\r\n`)).status, 400, forged);
  for (const other of ['evil.example', '169.254.169.254', '127.0.0.1.evil.example', '0.0.0.0', '2130706433'])
    assert.equal((await ask(`Host: ${other}\r\n`)).status, 421, other);
  const forwarded = await seen('GET /seen/', [
    'X-Forwarded-Host: evil.example',
    'Forwarded: host=evil.example',
  ]);
  assert.equal(forwarded['host'], host);
});

test('Headers of the connection and those that speak for Hairspring do not reach the function', async () => {
  const { fields } = await seen('GET /seen/', [
    'Keep-Alive: timeout=1',
    'TE: trailers',
    'Upgrade: websocket',
    'Proxy-Authorization: x',
    'X-Listed: 1',
    'Connection: X-Listed, Cookie',
    'Cookie: kept=1',
    'Hairspring-Timeout-Ms: 0',
    'hairspring-call-depth: 99',
    'Nats-Msg-Id: 1',
    'X-Kept: 1',
  ]);
  assert.deepEqual(
    (fields as [string, string][]).map(([name]) => name),
    ['cookie', 'host', 'x-kept'],
  );
});

test('Headers that are too large or too many are 431, and the node serves on', async () => {
  const large = await sendRaw(
    origin,
    rawRequest(origin, 'GET /seen/', [`X-Large: ${'x'.repeat(17 * 1024)}`]),
  );
  assert.equal(large.status, 431);
  assert.match(large.text, /HS_GATEWAY_HEADERS/);
  const long = await sendRaw(origin, rawRequest(origin, `GET /seen/${'x'.repeat(17 * 1024)}`));
  assert.equal(long.status, 431);
  const many = Array.from({ length: 101 }, (_, at) => `X-${at}: 1`);
  assert.equal((await sendRaw(origin, rawRequest(origin, 'GET /seen/', many))).status, 431);
  const endless = await openRaw(origin);
  endless.write('GET /seen/ HTTP/1.1\r\n');
  endless.write(`X-${'y'.repeat(64 * 1024)}`);
  assert.equal((await readRaw(endless)).status, 431);
  await countNow();
});

test('A body that is larger than it may be is refused before it is read, in one piece or in many', async () => {
  const declared = await sendRaw(origin, rawRequest(origin, 'POST /seen/', ['Content-Length: 999999999']));
  assert.equal(declared.status, 413);
  const expects = ['Content-Length: 999999999', 'Expect: 100-continue'];
  const expected = await sendRaw(origin, rawRequest(origin, 'POST /seen/', expects));
  assert.deepEqual(expected.statuses, [413]);
  const polite = ['Content-Length: 5', 'Expect: 100-continue'];
  const continued = await sendRaw(origin, rawRequest(origin, 'POST /seen/', polite, 'hello'));
  assert.deepEqual(continued.statuses, [100, 200]);
  const socket = await openRaw(origin);
  socket.write(rawRequest(origin, 'POST /seen/', ['Transfer-Encoding: chunked']));
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  const reading = readRaw(socket);
  for (let sent = 0; sent < 40 && !socket.destroyed; sent += 1) socket.write(chunk);
  const { status } = await reading;
  // The rest of what was sent may reset the connection before the answer is read.
  assert.ok(status === 413 || status === 0, String(status));
  await countNow();
});

test('A function cannot speak for the connection, nor put a second response into its own', async () => {
  await deploy(
    'forger',
    `const headers = new Headers({ 'X-Own': 'kept', Connection: 'X-Listed', 'X-Listed': 'dropped' });
     for (const name of ['Transfer-Encoding', 'Content-Length', 'Keep-Alive', 'Upgrade', 'Trailer', 'Hairspring-Error'])
       headers.set(name, name === 'Content-Length' ? '1' : 'chunked');
     return new Response('whole body', { headers });`,
  );
  const { statuses, head, text } = await sendRaw(origin, rawRequest(origin, 'GET /forger'));
  assert.deepEqual(statuses, [200]);
  assert.match(text, /\r\n\r\nwhole body$/);
  assert.match(head, /content-length: 10\b/i);
  assert.match(head, /x-own: kept/i);
  assert.doesNotMatch(head, /transfer-encoding|keep-alive|upgrade|trailer|x-listed|hairspring/i);
  await deploy(
    'splitter',
    `try { new Headers({ 'X-A': 'b\\r\\nSet-Cookie: stolen=1' }); } catch (error) { return new Response(error.name); }
     return new Response('taken');`,
  );
  assert.match((await sendRaw(origin, rawRequest(origin, 'GET /splitter'))).text, /\r\n\r\nTypeError$/);
});

test('A function that tampers with what the runtime works with sends nothing that is no response', async () => {
  const tampering = {
    'patched-test': `RegExp.prototype.test = () => true; const h = new Headers(); h.append('X-A', 'b\\r\\nX-Stolen: 1'); return new Response('x', { headers: h });`,
    'patched-name': `RegExp.prototype.test = () => true; return new Response('x', { headers: { 'X A:': 'b' } });`,
    'patched-wide': `RegExp.prototype.test = () => true; String.prototype.charCodeAt = () => 65; return new Response('x', { headers: { 'X-A': '\\u0100\\u010a' } });`,
    'patched-status': `const real = Math.trunc; Math.trunc = () => 101; const r = new Response('x'); Math.trunc = real; return r;`,
    'second-status': `return new Response('x', { headers: { ':status': '101' } });`,
    'reply-status': `return new Reply('x', { headers: { ':status': '101' } });`,
    'reply-lines': `return new Reply('x', { headers: { ':status': '200\\r\\nX-Stolen: 1' } });`,
  };
  for (const [name, body] of Object.entries(tampering)) {
    await deploy(name, body);
    const { statuses, text } = await sendRaw(origin, rawRequest(origin, `GET /${name}`));
    assert.deepEqual(statuses.length, 1, name);
    assert.ok(statuses[0] === 500 || statuses[0] === 200, `${name}: ${text}`);
    assert.doesNotMatch(text, /x-stolen|HTTP\/1\.1 101/i, name);
  }
});

test('Slow and silent clients cost a connection each and not the service', async () => {
  const slow = await Promise.all(
    Array.from({ length: 100 }, async (_, at) => {
      const socket = await openRaw(origin);
      if (at % 2 === 0) socket.write('GET /seen/ HTTP/1.1\r\nX-A');
      return socket;
    }),
  );
  await countNow();
  for (const socket of slow) socket.destroy();
});

test('A client that has a request in hand and sends the next one gets its answers in order', async () => {
  await deploy('late', `await new Promise((r) => setTimeout(r, 200)); return new Response('late');`);
  const first = `GET /late HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const { statuses, text } = await sendRaw(origin, first + rawRequest(origin, 'GET /missing'));
  assert.deepEqual(statuses, [200, 404]);
  assert.ok(text.indexOf('late') < text.indexOf('HS_GATEWAY_NO_ROUTE'));
});

test('Callers of a cell that dies hear whose fault it was, and its functions are served again', async () => {
  await world.deploy({
    name: 'killer',
    code: `export default { async fetch() { return new Response(String(${ABORT})); } };`,
    triggers: [{ http: { route: '/killer' } }],
    limits: ABORT_LIMITS,
  });
  await deploy(
    'sleeper',
    `if (!request.url.endsWith('?woken')) await new Promise((r) => setTimeout(r, 4_000));
    return new Response('slept');`,
  );
  // What has not begun is handed to the next cell.
  await fetch(`${origin}/sleeper?woken`);
  const asleep = fetch(`${origin}/sleeper`);
  await until('it sleeps', async () => (await world.client().info('sleeper')).stats.inFlight === 1);
  const crashed = await fetch(`${origin}/killer`);
  assert.equal(crashed.status, 500);
  assert.equal(((await crashed.json()) as { code: string }).code, 'HS_FUNCTION_CRASHED');
  const lost = await asleep;
  assert.equal(lost.status, 503);
  assert.equal(lost.headers.get('retry-after'), '1');
  assert.equal(((await lost.json()) as { code: string }).code, 'HS_CELL_LOST');
  await until('others are served again', async () => (await fetch(`${origin}/seen/`)).status === 200);
});

test('A function that kills cells goes on in a cell of its own, and is refused when it is suspended', async () => {
  await deploy('bystander', `return new Response('here');`);
  const url = `${origin}/killer`;
  const codes: string[] = [];
  const isSuspended = async (): Promise<boolean> => {
    const response = await fetch(url);
    codes.push(((await response.json()) as { code: string }).code);
    return codes.at(-1) === 'HS_FUNCTION_SUSPENDED';
  };
  await until('it is suspended', isSuspended, { withinMs: 60_000 });
  assert.ok(codes.filter((code) => code === 'HS_FUNCTION_CRASHED').length >= 2, codes.join(' '));
  const refused = await fetch(url);
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get('retry-after'), null);
  assert.equal(await (await fetch(`${origin}/bystander`)).text(), 'here');
});

test('A connection is kept when a request is refused that had no body, and not when it had one', async () => {
  const { statuses } = await sendRaw(
    origin,
    `GET /missing HTTP/1.1\r\nHost: ${host}\r\n\r\n${rawRequest(origin, 'GET /seen/')}`,
  );
  assert.deepEqual(statuses, [404, 200]);
  const unread = await sendRaw(
    origin,
    `POST /missing HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 99\r\n\r\n${rawRequest(origin, 'GET /seen/')}`,
  );
  assert.deepEqual(unread.statuses, [404]);
});
