import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type HostCallResult, type PreparedBinding, systemClock } from '../../src/core/index.ts';
import { HTTP_LIMITS } from '../../src/hostservices/http/limits.ts';
import { createHttpService } from '../../src/hostservices/http/provider.ts';
import {
  httpBinding,
  type LocalServer,
  type OpenAnswer,
  openHttp,
  PATIENT,
  resolverOf,
  startLocalServer,
} from '../support/http.ts';
import { until } from '../support/turns.ts';

const MIB = 1024 ** 2;
const LARGE = randomBytes(3 * MIB);
const PACKED = gzipSync(LARGE);
/** More than sockets on the way may hold. */
const FLOOD_BYTES = 256 * MIB;

let server: LocalServer;
let sent = 0;
let closed = 0;
let unread: IncomingMessage | undefined;
const requests: string[] = [];

before(async () => {
  server = await startLocalServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.once('close', () => {
      if (!response.writableFinished) closed += 1;
    });
    void answer(request, response);
  });
});
after(() => server[Symbol.asyncDispose]());

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
  switch (pathname) {
    case '/flood':
      flood(response, Buffer.alloc(64 * 1024));
      return;
    case '/packed-flood':
      response.setHeader('content-encoding', 'gzip');
      flood(response, gzipSync(randomBytes(64 * 1024), { level: 0 }));
      return;
    case '/packed':
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': String(PACKED.length) });
      response.end(PACKED);
      return;
    case '/cut':
      response
        .writeHead(200, { 'content-length': String(2 * LARGE.length) })
        .write(LARGE, () => response.destroy());
      return;
    case '/stall':
      response.writeHead(200, { 'content-length': String(LARGE.length) }).write('begun');
      return;
    case '/much-for-little':
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(Buffer.alloc(9 * MIB, gzipSync('')));
      return;
    case '/early':
      response.writeHead(413).end('too much');
      return;
    case '/unread':
      unread = request;
      return;
    case '/redirect':
      response.writeHead(Number(searchParams.get('status')), { location: '/echo' }).end();
      return;
    case '/echo': {
      const { method, headers } = request;
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      response.setHeader(
        'x-seen',
        `${method} ${headers['transfer-encoding'] ?? headers['content-length'] ?? '-'}`,
      );
      response.end(body);
      return;
    }
    default:
      response.end(pathname === '/large' ? LARGE : 'small');
  }
}

/** Sends for as long as somebody reads. */
function flood(response: ServerResponse, piece: Buffer): void {
  sent = 0;
  const more = (): void => {
    while (sent < FLOOD_BYTES && response.writable) {
      sent += piece.length;
      if (!response.write(piece)) return;
    }
    response.end();
  };
  response.on('drain', more);
  more();
}

/** Resolves when the server has not got rid of anything for a while. */
async function floodHasStalled(): Promise<void> {
  for (let last = -1; last !== sent; ) {
    last = sent;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

const open = (): PreparedBinding => openHttp(httpBinding([`${server.origin}/*`], { private: true })).prepared;

function call(
  binding: PreparedBinding,
  op: string,
  args: (string | number | null)[],
  payload?: string | Uint8Array,
  callerId = 1,
): Promise<HostCallResult> {
  return binding.call({ op, args, payload }, { ...PATIENT, id: callerId });
}

async function get(binding: PreparedBinding, path: string, number = 1, callerId = 1): Promise<number> {
  const args = [number, 'GET', `${server.origin}${path}`, '[]', 'follow', 0];
  const [, , , , , handle] = (await call(binding, 'open', args, undefined, callerId)).value as OpenAnswer;
  assert.equal(typeof handle, 'number');
  return handle ?? 0;
}

/** Begins a request whose body comes in pieces. */
function post(
  binding: PreparedBinding,
  path: string,
  number = 1,
  method = 'POST',
): Promise<{ status: number; headers: string[]; text: string }> {
  const args = [number, method, `${server.origin}${path}`, '[]', 'follow', 1];
  const answered = call(binding, 'open', args).then(async ({ value, data }) => {
    const [status, , , , headers, handle] = value as OpenAnswer;
    const rest = handle === 0 || handle === null ? data : (await call(binding, 'rest', [handle])).data;
    return { status, headers, text: Buffer.from(rest ?? '').toString() };
  });
  answered.catch(() => undefined);
  return answered;
}

test('A small body comes with the headers, in one answer', async () => {
  // The time in which it has to be there does not pass.
  const { binding } = openWithClock();
  const args = [1, 'GET', `${server.origin}/small`, '[]', 'follow', 0];
  const { value, data } = await call(binding, 'open', args);
  assert.equal((value as OpenAnswer)[5], 0);
  assert.equal(Buffer.from(data ?? '').toString(), 'small');
});

/** A binding whose time passes only when it is told so. */
function openWithClock(): { binding: PreparedBinding; pass: (ms: number) => void } {
  let nowMs = 0;
  let timers: { readonly atMs: number; readonly action: () => void }[] = [];
  const clock = {
    ...systemClock,
    monotonicMs: () => nowMs,
    after(delayMs: number, action: () => void) {
      const timer = { atMs: nowMs + delayMs, action };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
  };
  const service = createHttpService({ clock, resolve: resolverOf({}) });
  return {
    binding: service.prepare('WEB', httpBinding([`${server.origin}/*`], { private: true })),
    pass(ms) {
      nowMs += ms;
      const due = timers.filter(({ atMs }) => atMs <= nowMs);
      timers = timers.filter(({ atMs }) => atMs > nowMs);
      for (const { action } of due) action();
    },
  };
}

test('The time for the headers is not one for the body, which has what its invocation has by then', async () => {
  const { binding, pass } = openWithClock();
  const caller = { id: 1, deadlineMs: 40_000 };
  const open = async (): Promise<number | null> => {
    const args = [1, 'GET', `${server.origin}/flood`, '[]', 'follow', 0];
    return ((await binding.call({ op: 'open', args, payload: undefined }, caller)).value as OpenAnswer)[5];
  };
  const handle = await open();
  pass(35_000);
  await call(binding, 'next', [handle]);
  caller.deadlineMs = 60_000;
  pass(20_000);
  await call(binding, 'next', [handle]);
  const before = closed;
  pass(5_000);
  await until(() => closed > before);
  await assert.rejects(call(binding, 'next', [handle]), { code: 'HS_HOST_CALL_INVALID' });
});

test('The time for the headers begins when a body that is streamed has gone out', async () => {
  const { binding, pass } = openWithClock();
  const answered = post(binding, '/unread');
  await call(binding, 'write', [1], 'a');
  pass(HTTP_LIMITS.timeMs);
  assert.equal((await call(binding, 'write', [1], 'b')).value, 1);
  await call(binding, 'finish', [1]);
  pass(HTTP_LIMITS.timeMs - 1);
  const before = closed;
  pass(1);
  await assert.rejects(answered, { code: 'HS_HTTP_TIMEOUT', message: /within 30000 ms/ });
  unread?.resume();
  await until(() => closed > before);
});

test('A large body comes in pieces, or what is left of it at once, and is what was sent', async () => {
  const binding = open();
  const handle = await get(binding, '/large');
  const pieces: Uint8Array[] = [];
  for (;;) {
    const { value, data } = await call(binding, 'next', [handle]);
    if (value === null) break;
    assert.ok(data !== undefined && data.length > 0 && data.length <= 256 * 1024);
    pieces.push(data);
  }
  assert.ok(LARGE.equals(Buffer.concat(pieces)));
  await assert.rejects(call(binding, 'next', [handle]), { code: 'HS_HOST_CALL_INVALID' });

  const second = await get(binding, '/large');
  const { data: first = new Uint8Array() } = await call(binding, 'next', [second]);
  const { data: rest = new Uint8Array() } = await call(binding, 'rest', [second]);
  assert.ok(LARGE.equals(Buffer.concat([first, rest])));
});

test('A connection whose body was read to its end is used again', async () => {
  const binding = open();
  const before = server.connections();
  for (let round = 0; round < 3; round += 1) await call(binding, 'rest', [await get(binding, '/large')]);
  assert.equal(server.connections(), before + 1);
});

test('Pieces that are asked for at once come in turn, and none twice', async () => {
  const binding = open();
  const handle = await get(binding, '/large');
  const asked = Array.from({ length: 200 }, () => call(binding, 'next', [handle]).catch(() => undefined));
  const pieces = (await Promise.all(asked)).map((result) => result?.data ?? new Uint8Array());
  assert.ok(LARGE.equals(Buffer.concat(pieces)));
});

test('A server is as slow as the function that reads, whether or not its body is decoded', async () => {
  const binding = open();
  for (const path of ['/flood', '/packed-flood']) {
    const handle = await get(binding, path);
    let read = 0;
    let mostAhead = 0;
    for (let round = 0; round < 3; round += 1) {
      await floodHasStalled();
      mostAhead = Math.max(mostAhead, sent - read);
      while (read < (round + 1) * 16 * MIB) read += (await call(binding, 'next', [handle])).data?.length ?? 0;
    }
    assert.ok(mostAhead < 32 * MIB, `${mostAhead} bytes ahead of ${path}`);
    binding.ended?.(1);
  }
});

test('A body that is decoded comes in pieces, too, and may be closed before any of it is read', async () => {
  const binding = open();
  const handle = await get(binding, '/packed');
  const pieces: Uint8Array[] = [];
  for (;;) {
    const { value, data = new Uint8Array() } = await call(binding, 'next', [handle]);
    if (value === null) break;
    pieces.push(data);
  }
  assert.ok(LARGE.equals(Buffer.concat(pieces)));
  const before = closed;
  await get(binding, '/packed');
  binding.ended?.(1);
  await get(binding, '/packed-flood');
  binding.ended?.(1);
  await until(() => closed > before);
});

test('A body that is closed, or whose invocation ends, closes its connection at once', async () => {
  const binding = open();
  for (const end of [async () => void (await call(binding, 'close', [1])), async () => binding.ended?.(1)]) {
    const before = closed;
    const handle = await get(binding, '/flood');
    await call(binding, 'next', [handle]);
    await end();
    await until(() => closed > before);
    await assert.rejects(call(binding, 'next', [handle]), { code: 'HS_HOST_CALL_INVALID' });
  }
});

test('Whoever waits for a body when it is closed is told so', async () => {
  const binding = open();
  for (const [op, end] of [
    ['next', () => call(binding, 'close', [1])],
    ['rest', async () => binding.ended?.(1)],
  ] as const) {
    const handle = await get(binding, '/stall');
    if (op === 'next') await call(binding, 'next', [handle]);
    const waiting = assert.rejects(call(binding, op, [handle]), { code: 'HS_HTTP_CANCELLED' });
    await end();
    await waiting;
  }
});

test('A body that stops coming ends with the invocation, and not before', async () => {
  const binding = open();
  const before = closed;
  const caller = { id: 1, deadlineMs: performance.now() + 300 };
  const args = [1, 'GET', `${server.origin}/stall`, '[]', 'follow', 0];
  const { value } = await binding.call({ op: 'open', args, payload: undefined }, caller);
  await assert.rejects(call(binding, 'rest', [(value as OpenAnswer)[5]]), {
    code: 'HS_HTTP_TIMEOUT',
    message: /before the invocation ends/,
  });
  await until(() => closed > before);
});

test('A body that the server cuts fails with a code of its own, after what has come of it', async () => {
  const binding = open();
  const handle = await get(binding, '/cut');
  let bytes = 0;
  await assert.rejects(
    async () => {
      for (;;) bytes += (await call(binding, 'next', [handle])).data?.length ?? 0;
    },
    { code: 'HS_HTTP_CUT' },
  );
  assert.ok(bytes > 0 && bytes <= LARGE.length);
  await assert.rejects(call(binding, 'next', [handle]), { code: 'HS_HOST_CALL_INVALID' });
});

test('What is read at once is bounded as sent and as decoded, and its connection closed beyond that', async () => {
  const binding = open();
  for (const path of ['/flood', '/much-for-little']) {
    const before = closed;
    await assert.rejects(
      call(binding, 'rest', [await get(binding, path)]),
      { code: 'HS_HTTP_TOO_LARGE' },
      path,
    );
    if (path === '/flood') await until(() => closed > before);
  }
});

test('A handle is of one function and one kind', async () => {
  const binding = open();
  const other = open();
  const handle = await get(binding, '/large');
  for (const [on, op, args] of [
    [other, 'next', [handle]],
    [other, 'rest', [handle]],
    [binding, 'next', [handle + 1]],
    [binding, 'next', [null]],
    [binding, 'next', ['1']],
    [binding, 'rest', [-1]],
    [binding, 'write', [1]],
    [binding, 'finish', [1]],
    [binding, 'write', [null]],
  ] as const)
    await assert.rejects(call(on, op, [...args]), { code: 'HS_HOST_CALL_INVALID' }, `${op} ${args}`);
  await call(other, 'close', [1]);
  assert.ok(LARGE.equals((await call(binding, 'rest', [handle])).data ?? new Uint8Array()));
});

test('A body goes out piece by piece, whatever the method', async () => {
  const binding = open();
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const answered = post(binding, '/echo', 7, method);
    assert.equal((await call(binding, 'write', [7])).value, 1);
    for (const piece of ['ä', new Uint8Array([98]), 'c'])
      assert.equal((await call(binding, 'write', [7], piece)).value, 1);
    await call(binding, 'finish', [7]);
    const { text, headers } = await answered;
    assert.equal(text, 'äbc');
    assert.equal(headers[headers.indexOf('x-seen') + 1], `${method} chunked`);
  }
});

test('A function is as slow as the server that takes its body', async () => {
  const binding = open();
  const answered = post(binding, '/unread');
  const piece = new Uint8Array(HTTP_LIMITS.pieceBytes);
  let written = 0;
  const writing = (async () => {
    while (written < FLOOD_BYTES) {
      if ((await call(binding, 'write', [1], piece)).value !== 1) return;
      written += piece.length;
    }
  })();
  for (let last = -1; last !== written; ) {
    last = written;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  assert.ok(written < 32 * MIB, `${written} bytes taken`);
  const before = closed;
  binding.ended?.(1);
  // Whoever reads nothing does not hear that the connection is closed.
  unread?.resume();
  await until(() => closed > before);
  await writing;
  await assert.rejects(answered, { code: 'HS_HTTP_CANCELLED' });
});

test('A body takes one piece at a time, of a bounded size, and none after its end', async () => {
  const binding = open();
  const answered = post(binding, '/echo');
  const [first, second] = [call(binding, 'write', [1], 'a'), call(binding, 'write', [1], 'b')];
  await assert.rejects(second, { code: 'HS_HOST_CALL_INVALID' });
  await assert.rejects(call(binding, 'finish', [1]), { code: 'HS_HOST_CALL_INVALID' });
  await first;
  const large = new Uint8Array(HTTP_LIMITS.pieceBytes + 1);
  await assert.rejects(call(binding, 'write', [1], large), { code: 'HS_HTTP_TOO_LARGE' });
  await call(binding, 'finish', [1]);
  for (const op of ['write', 'finish'])
    await assert.rejects(call(binding, op, [1], 'c'), { code: 'HS_HOST_CALL_INVALID' });
  assert.equal((await answered).text, 'a');
});

test('A request has a body of one kind, and GET has none', async () => {
  const binding = open();
  for (const [method, payload] of [
    ['GET', undefined],
    ['HEAD', undefined],
    ['POST', 'x'],
  ] as const) {
    const args = [1, method, `${server.origin}/echo`, '[]', 'follow', 1];
    await assert.rejects(call(binding, 'open', args, payload), { code: 'HS_HOST_CALL_INVALID' }, method);
  }
});

test('A redirect that would need a streamed body twice is refused, and a 303 drops it', async () => {
  const binding = open();
  for (const status of [301, 302, 307, 308]) {
    requests.length = 0;
    const answered = post(binding, `/redirect?status=${status}`);
    await assert.rejects(answered, { code: 'HS_HTTP_REDIRECT_DENIED', message: /not sent twice/ });
    assert.deepEqual(requests, [`POST /redirect?status=${status}`]);
  }
  const { headers } = await post(binding, '/redirect?status=303');
  assert.equal(headers[headers.indexOf('x-seen') + 1], 'GET -');
});

test('A server that answers before it has the whole body ends it', async () => {
  const binding = open();
  const { status, text } = await post(binding, '/early');
  assert.deepEqual([status, text], [413, 'too much']);
  await assert.rejects(call(binding, 'write', [1], 'more'), { code: 'HS_HOST_CALL_INVALID' });
});

test('A body whose connection fails takes no more, and the request says why', async () => {
  const gone = await startLocalServer(() => undefined);
  const { origin } = gone;
  await gone[Symbol.asyncDispose]();
  const { prepared } = openHttp(httpBinding([`${origin}/*`], { private: true }));
  const args = [1, 'POST', `${origin}/x`, '[]', 'follow', 1];
  const answered = assert.rejects(call(prepared, 'open', args), { code: 'HS_HTTP_UNREACHABLE' });
  assert.equal((await call(prepared, 'write', [1])).value, 0);
  await answered;
});
