import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { OpenAnswer } from '../support/http.ts';
import { call, LARGE, StreamServer } from '../support/stream-server.ts';
import { until } from '../support/turns.ts';

const MIB = 1024 ** 2;

const server = await StreamServer.start();
after(() => server[Symbol.asyncDispose]());

test('A small body comes with the headers, in one answer', async () => {
  // The time in which it has to be there does not pass.
  const { binding } = server.openWithClock();
  const args = [1, 'GET', `${server.origin}/small`, '[]', 'follow', 0];
  const { value, data } = await call(binding, 'open', args);
  assert.equal((value as OpenAnswer)[5], 0);
  assert.equal(Buffer.from(data ?? '').toString(), 'small');
});

test('The time for the headers is not one for the body, which has what its invocation has by then', async () => {
  const { binding, pass } = server.openWithClock();
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
  const before = server.closed;
  pass(5_000);
  await until(() => server.closed > before);
  await assert.rejects(call(binding, 'next', [handle]), { code: 'HS_HOST_CALL_INVALID' });
});

test('A large body comes in pieces, or what is left of it at once, and is what was sent', async () => {
  const binding = server.open();
  const handle = await server.get(binding, '/large');
  const pieces: Uint8Array[] = [];
  for (;;) {
    const { value, data } = await call(binding, 'next', [handle]);
    if (value === null) break;
    assert.ok(data !== undefined && data.length > 0 && data.length <= 256 * 1024);
    pieces.push(data);
  }
  assert.ok(LARGE.equals(Buffer.concat(pieces)));
  await assert.rejects(call(binding, 'next', [handle]), { code: 'HS_HOST_CALL_INVALID' });

  const second = await server.get(binding, '/large');
  const { data: first = new Uint8Array() } = await call(binding, 'next', [second]);
  const { data: rest = new Uint8Array() } = await call(binding, 'rest', [second]);
  assert.ok(LARGE.equals(Buffer.concat([first, rest])));
});

test('A connection whose body was read to its end is used again', async () => {
  const binding = server.open();
  const before = server.connections;
  for (let round = 0; round < 3; round += 1)
    await call(binding, 'rest', [await server.get(binding, '/large')]);
  assert.equal(server.connections, before + 1);
});

test('Pieces that are asked for at once come in turn, and none twice', async () => {
  const binding = server.open();
  const handle = await server.get(binding, '/large');
  const asked = Array.from({ length: 200 }, () => call(binding, 'next', [handle]).catch(() => undefined));
  const pieces = (await Promise.all(asked)).map((result) => result?.data ?? new Uint8Array());
  assert.ok(LARGE.equals(Buffer.concat(pieces)));
});

test('A server is as slow as the function that reads, whether or not its body is decoded', async () => {
  const binding = server.open();
  for (const path of ['/flood', '/packed-flood']) {
    const handle = await server.get(binding, path);
    let read = 0;
    let mostAhead = 0;
    for (let round = 0; round < 3; round += 1) {
      await server.floodHasStalled();
      mostAhead = Math.max(mostAhead, server.sent - read);
      while (read < (round + 1) * 16 * MIB) read += (await call(binding, 'next', [handle])).data?.length ?? 0;
    }
    assert.ok(mostAhead < 32 * MIB, `${mostAhead} bytes ahead of ${path}`);
    binding.ended?.(1);
  }
});

test('A body that is decoded comes in pieces, too, and may be closed before any of it is read', async () => {
  const binding = server.open();
  const handle = await server.get(binding, '/packed');
  const pieces: Uint8Array[] = [];
  for (;;) {
    const { value, data = new Uint8Array() } = await call(binding, 'next', [handle]);
    if (value === null) break;
    pieces.push(data);
  }
  assert.ok(LARGE.equals(Buffer.concat(pieces)));
  const before = server.closed;
  await server.get(binding, '/packed');
  binding.ended?.(1);
  await server.get(binding, '/packed-flood');
  binding.ended?.(1);
  await until(() => server.closed > before);
});

test('A body that is closed, or whose invocation ends, closes its connection at once', async () => {
  const binding = server.open();
  for (const end of [async () => void (await call(binding, 'close', [1])), async () => binding.ended?.(1)]) {
    const before = server.closed;
    const handle = await server.get(binding, '/flood');
    await call(binding, 'next', [handle]);
    await end();
    await until(() => server.closed > before);
    await assert.rejects(call(binding, 'next', [handle]), { code: 'HS_HOST_CALL_INVALID' });
  }
});

test('Whoever waits for a body when it is closed is told so', async () => {
  const binding = server.open();
  for (const [op, end] of [
    ['next', () => call(binding, 'close', [1])],
    ['rest', async () => binding.ended?.(1)],
  ] as const) {
    const handle = await server.get(binding, '/stall');
    if (op === 'next') await call(binding, 'next', [handle]);
    const waiting = assert.rejects(call(binding, op, [handle]), { code: 'HS_HTTP_CANCELLED' });
    await end();
    await waiting;
  }
});

test('A body that stops coming ends with the invocation, and not before', async () => {
  const binding = server.open();
  const before = server.closed;
  const caller = { id: 1, deadlineMs: performance.now() + 1_000 };
  const args = [1, 'GET', `${server.origin}/stall`, '[]', 'follow', 0];
  const { value } = await binding.call({ op: 'open', args, payload: undefined }, caller);
  await assert.rejects(call(binding, 'rest', [(value as OpenAnswer)[5]]), {
    code: 'HS_HTTP_TIMEOUT',
    message: /before the invocation ends/,
  });
  await until(() => server.closed > before);
});

test('A body that the server cuts fails with a code of its own, after what has come of it', async () => {
  const binding = server.open();
  const handle = await server.get(binding, '/cut');
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
  const binding = server.open();
  for (const path of ['/flood', '/much-for-little']) {
    const before = server.closed;
    await assert.rejects(
      call(binding, 'rest', [await server.get(binding, path)]),
      { code: 'HS_HTTP_TOO_LARGE' },
      path,
    );
    if (path === '/flood') await until(() => server.closed > before);
  }
});

test('A handle is of one function and one kind', async () => {
  const binding = server.open();
  const other = server.open();
  const handle = await server.get(binding, '/large');
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
