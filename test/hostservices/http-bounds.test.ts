import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import type { PreparedBinding } from '../../src/core/index.ts';
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

before(async () => {
  server = await startLocalServer((request, response) => {
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
