import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { HairspringError } from '../../src/core/index.ts';
import { requestFor } from './support/memory-node.ts';
import { assertErrorReply, request } from './support/raw.ts';
import { CONTROL, SYSTEM, startServedNode } from './support/served-node.ts';

const served = await startServedNode();
after(() => served[Symbol.asyncDispose]());
beforeEach(() => served.reset());
const { nc, node, records, bid } = served;

test('A request without a required key is refused with 400, and null stands for the zero value', async () => {
  const reply = await request(nc, `${CONTROL}.AUCTION`, { agent_type: 'javascript', auction_id: 'a' });
  assertErrorReply(reply, '400', 'HS_REQUEST_INVALID');
  assert.match(reply.headers?.get('Nats-Service-Error') ?? '', /"tags" is required/);
  for (const [subject, body] of [
    [`${SYSTEM}.PING`, {}],
    [`${SYSTEM}.PING`, 'not json'],
    [`${SYSTEM}.LAMEDUCK.${node.nodeId}`, {}],
    [`${SYSTEM}.LAMEDUCK.${node.nodeId}`, { delay: 'soon' }],
    [`${CONTROL}.ADEPLOY.${await bid()}`, { ...requestFor('hello') }],
    [`${CONTROL}.UNDEPLOY.x`, {}],
    [`${CONTROL}.CLONE.x`, { namespace: 'default' }],
    [`${CONTROL}.WPING`, { namespace: 'default' }],
    [`${CONTROL}.WPING`, { namespace: 7, filter: null }],
    [`${CONTROL}.HS.TAP`, { lease_ms: 1e9 }],
  ] as const) {
    const answer = await request(nc, subject, body);
    assertErrorReply(answer, '400', 'HS_REQUEST_INVALID');
  }
  const ok = await request(nc, `${CONTROL}.WPING`, { namespace: 'default', filter: null });
  assert.deepEqual(ok.json(), []);
});

test('A deploy of another type is refused with 404', async () => {
  const body = { ...requestFor('hello'), namespace: 'default', workload_type: 'native' };
  const reply = await request(nc, `${CONTROL}.ADEPLOY.${await bid()}`, body);
  assertErrorReply(reply, '404', 'HS_WORKLOAD_TYPE');
});

test('A namespace in the body that is not the one in the subject is refused with 403, but not for system', async () => {
  const foreign = { ...requestFor('hello'), namespace: 'other' };
  const bidId = await bid();
  for (const [subject, body] of [
    [`${CONTROL}.ADEPLOY.${bidId}`, foreign],
    [`${CONTROL}.UNDEPLOY.x`, { namespace: 'other' }],
    [`${CONTROL}.CLONE.x`, { namespace: 'other', new_target_xkey: '' }],
    [`${CONTROL}.WPING`, { namespace: 'other', filter: null }],
  ] as const) {
    assertErrorReply(await request(nc, subject, body), '403', 'HS_NAMESPACE_MISMATCH');
  }
  const reply = await request(nc, `${SYSTEM}.ADEPLOY.${bidId}`, foreign);
  assert.equal(reply.json<{ name: string }>().name, 'hello');
});

test('A coded error of the node reaches the caller whole', async () => {
  node.deployError = new HairspringError('HS_NEXFILE_INVALID', 'Cannot use "cpu": 9 s exceeds 1 s', {
    hint: 'Lower limits.cpu',
    position: { file: 'Nexfile', line: 4, column: 2 },
    cause: new TypeError('secret'),
  });
  const reply = await request(nc, `${CONTROL}.ADEPLOY.${await bid()}`, {
    ...requestFor('hello'),
    namespace: 'default',
  });
  assertErrorReply(reply, '400', 'HS_NEXFILE_INVALID');
  assert.deepEqual(reply.json<{ hairspring: object }>().hairspring, {
    code: 'HS_NEXFILE_INVALID',
    message: 'Cannot use "cpu": 9 s exceeds 1 s',
    hint: 'Lower limits.cpu',
    position: { file: 'Nexfile', line: 4, column: 2 },
  });
  assert.doesNotMatch(reply.string(), /secret/);
});

test('An error of any length is answered with a text that fits into a reply', async () => {
  const long = 'y'.repeat(3e6);
  const position = { file: 'Nexfile', line: 4, column: 2, lineText: long };
  node.deployError = new HairspringError('HS_FUNCTION_LOAD', long, { hint: long, position });
  const reply = await request(nc, `${CONTROL}.ADEPLOY.${await bid()}`, {
    ...requestFor('hello'),
    namespace: 'default',
  });
  assert.equal(reply.headers?.get('Hairspring-Error'), 'HS_FUNCTION_LOAD');
  assert.ok(reply.data.length < 10_000, `${reply.data.length} bytes`);
  for (const { fields } of records) assert.ok(JSON.stringify(fields).length < 10_000);
});

test('An unknown failure is masked for the caller and whole in the log, under one error id', async () => {
  node.deployError = new TypeError('secret path');
  const reply = await request(nc, `${CONTROL}.ADEPLOY.${await bid()}`, {
    ...requestFor('hello'),
    namespace: 'default',
  });
  assertErrorReply(reply, '500', 'HS_INTERNAL');
  assert.equal(reply.json<{ error: string }>().error, 'internal server error');
  assert.doesNotMatch(reply.string(), /secret/);
  const logged = records.find(({ level }) => level === 'error');
  assert.equal(logged?.fields['errorId'], reply.json<{ error_id: string }>().error_id);
  assert.match(String(logged?.fields['error']), /secret path/);
});
