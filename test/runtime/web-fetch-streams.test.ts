import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import { type HttpBinding, systemClock } from '../../src/core/index.ts';
import { createHttpService } from '../../src/hostservices/http/provider.ts';
import { createTestFunction, handlerOf, type TestFunction } from '../support/functions.ts';
import { httpBinding, type LocalServer, resolverOf, startLocalServer } from '../support/http.ts';
import { until } from '../support/turns.ts';

const LARGE = randomBytes(2 * 1024 ** 2);
const LARGE_SUM = LARGE.reduce((sum, byte) => sum + byte, 0);
/** Over what is read at once. */
const HUGE_BYTES = 9 * 1024 ** 2;

let server: LocalServer;
let closed = 0;
const requests: string[] = [];

before(async () => {
  server = await startLocalServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.once('close', () => {
      if (!response.writableFinished) closed += 1;
    });
    answer(request, response).catch(() => undefined);
  });
});
after(() => server[Symbol.asyncDispose]());

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  switch (request.url) {
    case '/large':
      response.end(LARGE);
      return;
    case '/huge':
      response.end(Buffer.alloc(HUGE_BYTES));
      return;
    case '/endless': {
      const more = (): void => {
        while (response.writable && response.write(LARGE));
      };
      response.on('drain', more);
      more();
      return;
    }
    case '/cut':
      response.writeHead(200, { 'content-length': String(2 * LARGE.length) });
      response.write(LARGE, () => response.destroy());
      return;
    case '/json':
      response.end(JSON.stringify({ text: 'ü'.repeat(100_000) }));
      return;
    case '/redirect':
      response.writeHead(302, { location: '/large' }).end(LARGE);
      return;
    case '/temporary':
      response.writeHead(307, { location: '/hash' }).end();
      return;
    case '/see-other':
      response.writeHead(303, { location: '/hash' }).end();
      return;
    default: {
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const chunk of request) {
        hash.update(chunk);
        bytes += chunk.length;
      }
      const { method } = request;
      response.end(JSON.stringify({ method, bytes, sha256: hash.digest('hex') }));
    }
  }
}

/** A function with these bindings, or with one to the whole server, which runs the body that it is sent. */
function fetcher(bindings?: Readonly<Record<string, HttpBinding>>): TestFunction {
  const service = createHttpService({ clock: systemClock, resolve: resolverOf({}) });
  const all = bindings ?? { WEB: httpBinding([`${server.origin}/*`], { private: true }) };
  return createTestFunction(
    handlerOf('return JSON.stringify(await (0, eval)("(async () => {" + msg.text() + "})")())'),
    {
      bindings: all,
      limits: { timeoutMs: 20_000 },
      prepared: Object.fromEntries(
        Object.entries(all).map(([label, binding]) => [label, service.prepare(label, binding)]),
      ),
    },
  );
}

const TOOLS = (): string => `
  const at = (path, init) => fetch('${server.origin}' + path, init);
  const sum = (bytes) => bytes.reduce((total, byte) => total + byte, 0);
  const failed = (promise) => promise.then(() => 'fine', (error) => error.code ?? error.message);
  const post = (path, body, more) => at(path, { method: 'POST', body, duplex: 'half', ...more });
`;

async function run(probe: TestFunction, body: string): Promise<unknown> {
  return JSON.parse((await probe.text({ data: TOOLS() + body })) || 'null');
}

test('A large body is read as a stream, by reader, iteration, BYOB, clone or at once, and is what was sent', async () => {
  using probe = fetcher();
  const seen = await run(
    probe,
    `let iterated = 0, chunks = 0;
    for await (const chunk of (await at('/large')).body) { iterated += sum(chunk); chunks += 1; }
    const whole = await at('/large');
    const wholeSum = sum(await whole.bytes());
    const touched = await at('/large');
    const isStream = touched.body instanceof ReadableStream;
    const touchedSum = sum(new Uint8Array(await touched.arrayBuffer()));
    const blob = await (await at('/large')).blob();
    const original = await at('/large');
    const [one, two] = await Promise.all([original.clone().bytes(), original.bytes()]);
    const reader = (await at('/large')).body.getReader({ mode: 'byob' });
    let byob = 0;
    for (let buffer = new ArrayBuffer(1000);;) {
      const { value, done } = await reader.read(new Uint8Array(buffer));
      if (done) break;
      byob += sum(value);
      buffer = value.buffer;
    }
    const again = await failed(whole.text());
    return [iterated, chunks > 1, wholeSum, whole.bodyUsed, isStream, touchedSum, touched.bodyUsed, blob.size, sum(one), sum(two), byob,
      again, (await (await at('/json')).json()).text.length];`,
  );
  assert.deepEqual(seen, [
    LARGE_SUM,
    true,
    LARGE_SUM,
    true,
    true,
    LARGE_SUM,
    true,
    LARGE.length,
    LARGE_SUM,
    LARGE_SUM,
    LARGE_SUM,
    'The body was read already, or is being read',
    100_000,
  ]);
});

test('What is read at once has a limit, and a stream has none', async () => {
  using probe = fetcher();
  const seen = await run(
    probe,
    `const codes = [];
    for (const how of ['text', 'json', 'bytes', 'arrayBuffer', 'blob', 'formData']) codes.push(await failed((await at('/huge'))[how]()));
    codes.push(await failed((await at('/huge')).clone().text()));
    const touched = await at('/huge');
    touched.body;
    codes.push(await failed(touched.text()));
    let bytes = 0;
    for await (const chunk of (await at('/huge')).body) bytes += chunk.length;
    return [codes, bytes];`,
  );
  assert.deepEqual(seen, [Array(8).fill('HS_HTTP_TOO_LARGE'), HUGE_BYTES]);
});

test('A body that is cancelled, left by a loop or aborted ends at the server', async () => {
  using probe = fetcher();
  const before = closed;
  const seen = await run(
    probe,
    `await (await at('/endless')).body.cancel();
    for await (const chunk of (await at('/endless')).body) break;
    const controller = new AbortController();
    const response = await at('/endless', { signal: controller.signal });
    const reader = response.body.getReader();
    await reader.read();
    controller.abort(new RangeError('enough'));
    const second = new AbortController();
    const read = (await at('/endless', { signal: second.signal })).bytes();
    second.abort(new RangeError('stop'));
    return [await failed(reader.read()), await failed(reader.closed), await failed(read)];`,
  );
  assert.deepEqual(seen, ['enough', 'enough', 'stop']);
  await until(() => closed >= before + 4);
});

test('A body that nobody reads ends with its invocation', async () => {
  using probe = fetcher();
  const before = closed;
  await run(probe, `await at('/endless'); (await at('/endless')).body.getReader().read();`);
  await until(() => closed >= before + 2);
});

test('A redirect that is an error, and one that is handed on, keep no connection', async () => {
  using probe = fetcher();
  const seen = await run(
    probe,
    `const names = [];
    for (let round = 0; round < 40; round += 1) names.push(await at('/redirect', { redirect: 'error' }).catch((error) => error.name));
    return new Set(names).size === 1 && names[0];`,
  );
  assert.equal(seen, 'TypeError');
});

test('A body that the server cuts rejects with a code of its own, read in any way', async () => {
  using probe = fetcher();
  const seen = await run(
    probe,
    `let bytes = 0;
    const loop = (async () => { for await (const chunk of (await at('/cut')).body) bytes += chunk.length; })();
    return [await failed(loop), bytes > 0, await failed((await at('/cut')).text())];`,
  );
  assert.deepEqual(seen, ['HS_HTTP_CUT', true, 'HS_HTTP_CUT']);
});

test('A request’s body may be a stream, an async iterable or the body of an answer', async () => {
  using probe = fetcher();
  const seen = (await run(
    probe,
    `const piece = new Uint8Array(300_000).fill(7);
    async function* pieces() { for (let at = 0; at < 10; at += 1) yield piece; }
    const encoded = (text) => new ReadableStream({ pull(c) { c.enqueue(new TextEncoder().encode(text)); c.close(); } });
    const passed = await post('/hash', (await at('/large')).body);
    const request = new Request('${server.origin}/hash', { method: 'PUT', body: encoded('x'), duplex: 'half' });
    return [await (await post('/hash', pieces())).json(), await passed.json(), await (await fetch(request)).json(), request.bodyUsed,
      await (await post('/hash', new ReadableStream({ start: (c) => c.close() }))).json()];`,
  )) as unknown[];
  const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
  const told = (method: string, data: Uint8Array): object => ({
    method,
    bytes: data.length,
    sha256: sha256(data),
  });
  assert.deepEqual(seen, [
    told('POST', Buffer.alloc(3_000_000, 7)),
    told('POST', LARGE),
    told('PUT', Buffer.from('x')),
    true,
    told('POST', Buffer.alloc(0)),
  ]);
});

test('A stream that fails, or has a chunk that is no bytes, fails the request and ends it at the server', async () => {
  using probe = fetcher();
  const before = closed;
  const seen = await run(
    probe,
    `const first = new Uint8Array(10);
    async function* fails() { yield first; throw new RangeError('mine'); }
    async function* odd() { yield first; yield null; }
    let cancelled;
    const text = new ReadableStream({ pull(c) { c.enqueue('text'); }, cancel(reason) { cancelled = reason.name; } });
    return [await failed(post('/hash', fails())), await failed(post('/hash', odd())), await failed(post('/hash', text)), cancelled];`,
  );
  const notBytes = 'A chunk of the body is not a Uint8Array';
  assert.deepEqual(seen, ['mine', notBytes, notBytes, 'TypeError']);
  await until(() => closed >= before + 3);
});

test('A stream that is not wanted any more is cancelled, and the answer is there', async () => {
  using probe = fetcher();
  const seen = await run(
    probe,
    `const endless = () => {
      const stream = {};
      stream.cancelled = new Promise((resolve) => {
        stream.body = new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(65_536)); }, cancel: () => resolve('cancelled') });
      });
      return stream;
    };
    const [early, aborted, denied] = [endless(), endless(), endless()];
    const status = (await post('/see-other', early.body)).status;
    const controller = new AbortController();
    const call = failed(post('/hash', aborted.body, { signal: controller.signal }));
    setTimeout(() => controller.abort(new RangeError('enough')), 50);
    return [status, await early.cancelled, await call, await aborted.cancelled,
      await failed(fetch('http://elsewhere.test/', { method: 'POST', body: denied.body, duplex: 'half' })), await denied.cancelled];`,
  );
  assert.deepEqual(seen, [200, 'cancelled', 'enough', 'cancelled', 'HS_BINDING_DENIED', 'cancelled']);
});

test('A redirect that needs the stream again is refused, and what is no stream is sent again', async () => {
  using probe = fetcher();
  requests.length = 0;
  const seen = await run(
    probe,
    `const stream = () => new ReadableStream({ start(c) { c.enqueue(new Uint8Array(3)); c.close(); } });
    return [await failed(post('/temporary', stream())), (await (await post('/see-other', stream())).json()).method,
      (await (await post('/temporary', 'abc')).json()).bytes];`,
  );
  assert.deepEqual(seen, ['HS_HTTP_REDIRECT_DENIED', 'GET', 3]);
});

test('A stream goes out by the first binding that covers the URL, whole', async () => {
  using probe = fetcher({
    OTHER: httpBinding(['http://other.test/*']),
    READ: httpBinding([`${server.origin}/*`], { private: true, methods: ['GET'] }),
    WRITE: httpBinding([`${server.origin}/*`], { private: true, methods: ['POST'] }),
  });
  const seen = await run(
    probe,
    `const stream = new ReadableStream({ start(c) { c.enqueue(new Uint8Array(5)); c.close(); } });
    return (await (await post('/hash', stream)).json()).bytes;`,
  );
  assert.equal(seen, 5);
});

test('A body that is a stream needs duplex, and is not sent with keepalive or twice', async () => {
  using probe = fetcher();
  const seen = await run(
    probe,
    `const stream = () => new ReadableStream({ start(c) { c.close(); } });
    const used = stream();
    await (await post('/hash', used)).text();
    const errors = [at('/hash', { method: 'POST', body: stream() }), post('/hash', stream(), { keepalive: true }), post('/hash', used)];
    return Promise.all(errors.map((call) => call.then(() => 'sent', (error) => error.name)));`,
  );
  assert.deepEqual(seen, ['TypeError', 'TypeError', 'TypeError']);
});

test('An invocation that leaves many bodies open is told so, and may read on', async () => {
  using probe = fetcher();
  const seen = await run(
    probe,
    `const open = [];
    let code;
    while (code === undefined) await at('/large').then((response) => open.push(response), (error) => { code = error.code; });
    const count = open.length;
    for (const response of open) await response.body.cancel();
    return [code, count, (await (await at('/large')).bytes()).length];`,
  );
  assert.deepEqual(seen, ['HS_HTTP_LIMIT', 32, LARGE.length]);
});
