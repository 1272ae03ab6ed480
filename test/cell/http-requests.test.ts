import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpRequests } from '../../src/cell/http-requests.ts';
import {
  type FunctionSpec,
  type HttpAnswerRecord,
  type HttpAskRecord,
  type Invocation,
  parseRoute,
  STATUS_HEADER,
} from '../../src/core/index.ts';
import { createSpec } from '../support/spec.ts';
import { turns } from '../support/turns.ts';

const MIB = 1024 ** 2;

function openRequests(): {
  readonly requests: HttpRequests;
  readonly accepted: Invocation[];
  readonly messages: (readonly HttpAnswerRecord[])[];
} {
  const route = parseRoute('/');
  assert.ok(typeof route !== 'string', String(route));
  const spec: FunctionSpec = { ...createSpec(), triggers: [{ kind: 'http', ...route, methods: [] }] };
  const accepted: Invocation[] = [];
  const runner = { spec, accept: (invocation: Invocation) => void accepted.push(invocation) };
  const messages: (readonly HttpAnswerRecord[])[] = [];
  const functions = { present: () => ({ runner }), abandon: () => undefined };
  const requests = new HttpRequests(
    functions,
    (answers) => messages.push(answers),
    () => undefined,
  );
  return { requests, accepted, messages };
}

const ask = (requestId: number): HttpAskRecord => [requestId, 'id', '/', 'GET', 'http://a.test/', [], ''];

const answer = (invocation: Invocation | undefined, payload: string): void =>
  invocation?.succeed({ payload, headers: [STATUS_HEADER, '200'] });

test('Answers of one turn go back in one message', async () => {
  const { requests, accepted, messages } = openRequests();
  for (const id of [1, 2, 3]) requests.serve(ask(id));
  for (const invocation of accepted) answer(invocation, 'short');
  await turns(1);
  assert.deepEqual(
    messages.map((answers) => answers.map(([id]) => id)),
    [[1, 2, 3]],
  );
});

test('However large the answers of one turn are together, the host can read each message', async () => {
  const { requests, accepted, messages } = openRequests();
  const ids = Array.from({ length: 20 }, (_value, index) => index);
  for (const id of ids) requests.serve(ask(id));
  for (const invocation of accepted) answer(invocation, 'x'.repeat(8 * MIB));
  await turns(1);
  assert.deepEqual(
    messages.flatMap((answers) => answers.map(([id]) => id)),
    ids,
  );
  const bytesOf = (answers: readonly HttpAnswerRecord[]): number =>
    answers.reduce((sum, record) => sum + (record.length === 4 ? record[3].length : 0), 0);
  assert.ok(Math.max(...messages.map(bytesOf)) <= 9 * MIB, String(messages.map(bytesOf)));
});
