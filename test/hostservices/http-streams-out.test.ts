import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { HTTP_LIMITS } from '../../src/hostservices/http/limits.ts';
import { httpBinding, openHttp, startLocalServer } from '../support/http.ts';
import { call, FLOOD_BYTES, StreamServer } from '../support/stream-server.ts';
import { until } from '../support/turns.ts';

const MIB = 1024 ** 2;

const server = await StreamServer.start();
after(() => server[Symbol.asyncDispose]());

test('The time for the headers begins when a body that is streamed has gone out', async () => {
  const { binding, pass } = server.openWithClock();
  const answered = server.post(binding, '/unread');
  await call(binding, 'write', [1], 'a');
  pass(HTTP_LIMITS.timeMs);
  assert.equal((await call(binding, 'write', [1], 'b')).value, 1);
  await call(binding, 'finish', [1]);
  pass(HTTP_LIMITS.timeMs - 1);
  const before = server.closed;
  pass(1);
  await assert.rejects(answered, { code: 'HS_HTTP_TIMEOUT', message: /within 30000 ms/ });
  server.unread?.resume();
  await until(() => server.closed > before);
});

test('A body goes out piece by piece, whatever the method', async () => {
  const binding = server.open();
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const answered = server.post(binding, '/echo', 7, method);
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
  const binding = server.open();
  const answered = server.post(binding, '/unread');
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
  const before = server.closed;
  binding.ended?.(1);
  // Whoever reads nothing does not hear that the connection is server.closed.
  server.unread?.resume();
  await until(() => server.closed > before);
  await writing;
  await assert.rejects(answered, { code: 'HS_HTTP_CANCELLED' });
});

test('A body takes one piece at a time, of a bounded size, and none after its end', async () => {
  const binding = server.open();
  const answered = server.post(binding, '/echo');
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
  const binding = server.open();
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
  const binding = server.open();
  for (const status of [301, 302, 307, 308]) {
    server.requests.length = 0;
    const answered = server.post(binding, `/redirect?status=${status}`);
    await assert.rejects(answered, { code: 'HS_HTTP_REDIRECT_DENIED', message: /not sent twice/ });
    assert.deepEqual(server.requests, [`POST /redirect?status=${status}`]);
  }
  const { headers } = await server.post(binding, '/redirect?status=303');
  assert.equal(headers[headers.indexOf('x-seen') + 1], 'GET -');
});

test('A server that answers before it has the whole body ends it', async () => {
  const binding = server.open();
  const { status, text } = await server.post(binding, '/early');
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
