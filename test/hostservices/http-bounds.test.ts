import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import { type PreparedBinding, systemClock } from '../../src/core/index.ts';
import { CellMeter } from '../../src/hostservices/http/byte-meter.ts';
import { HTTP_LIMITS } from '../../src/hostservices/http/limits.ts';
import { createHttpService } from '../../src/hostservices/http/provider.ts';
import {
  httpBinding,
  type LocalServer,
  type OpenAnswer,
  openHttp,
  PATIENT,
  startLocalServer,
} from '../support/http.ts';
import { turns, until } from '../support/turns.ts';

let server: LocalServer;
let closed = 0;
let asked = 0;

before(async () => {
  server = await startLocalServer((request, response) => {
    asked += 1;
    response.once('close', () => {
      if (!response.writableFinished) closed += 1;
    });
    answer(request, response);
  });
});
after(() => server[Symbol.asyncDispose]());

function answer({ url }: IncomingMessage, response: ServerResponse): void {
  switch (url) {
    case '/trickle': {
      response.writeHead(205).write('more');
      const trickle = setInterval(() => response.write('more'), 10);
      response.once('close', () => clearInterval(trickle));
      return;
    }
    case '/reset':
      response.writeHead(205, { 'content-length': '0' }).end();
      return;
    case '/stall':
      response.writeHead(200, { 'content-length': '1000000' }).write('begun');
      return;
    case '/silence':
      return;
    case '/small':
      response.end('small');
      return;
    default:
      response.end();
  }
}

const bind = (): PreparedBinding => openHttp(httpBinding([`${server.origin}/*`], { private: true })).prepared;

async function open(binding: PreparedBinding, path: string, number = 1, callerId = 1): Promise<OpenAnswer> {
  const args = [number, 'GET', `${server.origin}${path}`, '[]', 'follow', 0];
  const call = { op: 'open', args, payload: undefined };
  return (await binding.call(call, { ...PATIENT, id: callerId })).value as OpenAnswer;
}

test('A 205 leaves its connection for the next request, or closes it when a body comes all the same', async () => {
  const binding = bind();
  const before = closed;
  const connections = server.connections();
  for (const path of ['/reset', '/reset', '/trickle']) {
    const [status, , , , , body] = await open(binding, path);
    assert.deepEqual([status, body], [205, null], path);
    await turns();
  }
  assert.equal(server.connections(), connections + 1);
  await until(() => closed > before);
});

test('What an invocation that was ended by force has under way is closed at the server, and nothing of others', async () => {
  const binding = bind();
  const [askedBefore, closedBefore] = [asked, closed];
  const waiting = [1, 2].map((callerId) => open(binding, '/silence', callerId, callerId));
  const [mine, other] = waiting;
  await open(binding, '/stall', 3, 1);
  await until(() => asked === askedBefore + 3);
  binding.abandoned?.(1);
  await assert.rejects(Promise.race(waiting), { code: 'HS_HTTP_CANCELLED', message: /invocation has ended/ });
  await assert.rejects(mine ?? Promise.resolve());
  await until(() => closed === closedBefore + 2);
  await turns();
  assert.equal(closed, closedBefore + 2);
  binding.abandoned?.(2);
  await assert.rejects(other ?? Promise.resolve(), { code: 'HS_HTTP_CANCELLED' });
  await until(() => closed === closedBefore + 3);
});

test('Beyond so many requests of an invocation or a function nothing is sent', async () => {
  const { requestsPerInvocation, requestsPerFunction } = HTTP_LIMITS;
  for (const path of ['/stall', '/silence']) {
    const binding = bind();
    const [before, closedBefore] = [asked, closed];
    const waiting: Promise<unknown>[] = [];
    for (let at = 0; at < requestsPerFunction; at += 1) {
      const answered = open(binding, path, at, Math.floor(at / requestsPerInvocation));
      waiting.push(answered.catch(() => undefined));
    }
    if (path === '/stall') await Promise.all(waiting);
    for (const [callerId, message] of [
      [0, /the invocation has 32 requests/],
      [99, /the function has 128 requests/],
    ] as const)
      await assert.rejects(open(binding, '/more', 1_000, callerId), { code: 'HS_HTTP_LIMIT', message });
    await until(() => asked === before + requestsPerFunction);
    for (let at = 0; at < requestsPerFunction; at += 1)
      await binding.call({ op: 'close', args: [at], payload: undefined }, PATIENT);
    await until(() => closed === closedBefore + requestsPerFunction);
    await open(binding, '/more');
    assert.equal(asked, before + requestsPerFunction + 1);
  }
});

test('A request for whose answer the cell has no room is not sent', async () => {
  const meter = new CellMeter();
  const service = createHttpService({ clock: systemClock, meter });
  const binding = service.prepare('WEB', httpBinding([`${server.origin}/*`], { private: true }));
  const held = meter.begin();
  held.add(HTTP_LIMITS.bufferedBytesPerCell - HTTP_LIMITS.aheadBytes + 1);
  const before = asked;
  await assert.rejects(open(binding, '/stall'), { code: 'HS_HTTP_LIMIT', message: /bytes of bodies/ });
  assert.deepEqual([asked, meter.requests], [before, 1]);
  held.give(1);
  await open(binding, '/stall');
  binding.ended?.(1);
});

test('A small answer needs no more room than was taken before its request was sent', async () => {
  const meter = new CellMeter();
  const service = createHttpService({ clock: systemClock, meter });
  const binding = service.prepare('WEB', httpBinding([`${server.origin}/*`], { private: true }));
  meter.begin().add(HTTP_LIMITS.bufferedBytesPerCell - HTTP_LIMITS.aheadBytes);
  const args = [1, 'GET', `${server.origin}/small`, '[]', 'follow', 0];
  const { value, data } = await binding.call({ op: 'open', args, payload: undefined }, PATIENT);
  assert.deepEqual([(value as OpenAnswer)[5], Buffer.from(data ?? '').toString()], [0, 'small']);
  assert.equal(meter.requests, 1);
});
