/**
 * Every operation of every service, with what its grant covers and with what is a neighbour's. Two walls are tried one
 * by one: NATS, with a bridge in front of it that covers everything, and the bridge, on a server that permits
 * everything. What does not go by NATS has the bridge alone.
 */
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { after, before, test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ServiceBinding } from '../../src/core/index.ts';
import { HTTP_OPERATIONS } from '../../src/hostservices/http/grant.ts';
import { createNatsServices } from '../../src/hostservices/index.ts';
import { kvMatrix } from '../support/grant-matrix/kv.ts';
import { assertRefused, assertWorks, describe, outcomeOf } from '../support/grant-matrix/matrix.ts';
import { messagingMatrix } from '../support/grant-matrix/messaging.ts';
import { objectStoreMatrix } from '../support/grant-matrix/objectstore.ts';
import { httpBinding, openHttp, startLocalServer } from '../support/http.ts';
import { inboxPrefixOf, type LimitedNats, startLimitedNats } from '../support/limited-nats.ts';

type NatsService = keyof ReturnType<typeof createNatsServices>;

/** A new service that goes by NATS has to have a line here. */
const PARTS = {
  kv: kvMatrix,
  messaging: messagingMatrix,
  objectstore: objectStoreMatrix,
} as const satisfies Record<NatsService, unknown>;
const NAMES = Object.keys(PARTS) as NatsService[];

let server: LimitedNats;
let all: NatsConnection;

before(async () => {
  server = await startLimitedNats(Object.assign({}, ...Object.values(PARTS).map(({ grants }) => grants)));
  all = await server.connectAll();
  for (const part of Object.values(PARTS)) await part.prepare(all);
});

after(async () => {
  await all?.close();
  await server?.[Symbol.asyncDispose]();
});

function isService(binding: { readonly service: string }): binding is ServiceBinding {
  return Object.hasOwn(PARTS, binding.service);
}

function prepareOver(nc: NatsConnection, binding: { readonly service: string }, inboxPrefix?: string) {
  assert.ok(isService(binding) && binding.service !== 'http');
  return createNatsServices(nc, { inboxPrefix })[binding.service].prepare('STORE', binding);
}

test('Every service that goes by NATS is in the matrix, and every operation is tried where it is granted and where it is not', () => {
  assert.deepEqual(NAMES.toSorted(), Object.keys(createNatsServices(all)).toSorted());
  for (const name of NAMES) {
    const cells = PARTS[name].cells(all);
    for (const op of PARTS[name].operations) {
      const ofOp = cells.filter((cell) => cell.op === op);
      assert.ok(
        ofOp.some(({ isGranted }) => isGranted),
        `${name} ${op} is granted nowhere`,
      );
      assert.ok(
        ofOp.some(({ isGranted, bridge }) => !isGranted && bridge !== undefined),
        `${name} ${op} is refused nowhere by the bridge`,
      );
      assert.ok(
        ofOp.some(({ isGranted, nats }) => !isGranted && nats !== 'lets it through'),
        `${name} ${op} is refused nowhere by NATS`,
      );
    }
    assert.deepEqual([...new Set(cells.map(({ op }) => op))].toSorted(), PARTS[name].operations.toSorted());
  }
});

for (const name of NAMES) {
  const part = PARTS[name];

  test(`${name}: with a bridge that covers everything, NATS lets through what is granted and names what it refuses`, async () => {
    for (const user of Object.keys(part.grants)) {
      const nc = await server.connectAs(user);
      for (const cell of part.cells(all).filter((each) => each.user === user)) {
        const prepared = prepareOver(nc, cell.wide, inboxPrefixOf(user));
        const outcome = await outcomeOf(cell, prepared, nc);
        if (cell.isGranted) assertWorks(cell, outcome);
        else if (cell.nats === undefined) assertRefused(cell, outcome, part.textsOf(cell.wide));
        else {
          assert.notEqual(outcome.refusal?.code, 'HS_BINDING_DENIED', describe(cell));
          assert.notEqual(outcome.isTouched, false, describe(cell));
        }
      }
      await nc.close();
    }
  });

  test(`${name}: on a server that permits everything, the bridge lets through what is granted and names what it refuses`, async () => {
    for (const cell of part.cells(all)) {
      if (cell.bridge === undefined) continue;
      const outcome = await outcomeOf(cell, prepareOver(all, cell.bridge), all);
      if (cell.isGranted) assertWorks(cell, outcome);
      else assertRefused(cell, outcome, part.textsOf(cell.bridge));
    }
  });
}

test('http: the bridge lets through what is granted and names what it refuses', async () => {
  const asked: string[] = [];
  const answer: RequestListener = ({ method, url }, response) => {
    asked.push(`${method} ${url}`);
    response.end('answer');
  };
  await using own = await startLocalServer(answer);
  await using neighbour = await startLocalServer(answer);
  const grant = httpBinding([`${own.origin}/a/*`], { methods: ['GET'], private: true });
  const web = openHttp(grant, {}, 'STORE');
  assert.equal((await web.fetch(`${own.origin}/a/b`)).body.toString(), 'answer');
  const denied = [
    [`${own.origin}/b`, 'GET', `${own.origin}/a/*`],
    [`${neighbour.origin}/a/b`, 'GET', `${own.origin}/a/*`],
    [`http://localhost:${own.port}/a/b`, 'GET', `${own.origin}/a/*`],
    [`${own.origin}/a/b`, 'POST', 'the methods GET'],
  ] as const;
  for (const [url, method, granted] of denied) {
    const { code, message } = await web.refused(url, { method });
    assert.equal(code, 'HS_BINDING_DENIED', `${method} ${url}`);
    assert.ok(message.includes(`binding STORE grants ${granted}`), message);
  }
  assert.deepEqual(asked, ['GET /a/b']);
  // The others need no grant: they go on with what `open` has begun, or give it up.
  assert.deepEqual(HTTP_OPERATIONS, ['open', 'write', 'finish', 'next', 'rest', 'close']);
});
