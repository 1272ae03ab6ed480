/** What becomes of HTTP requests while the cell of their functions changes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { HairspringError, type HttpAnswer, type HttpAsk } from '../../src/core/index.ts';
import { type AskedCell, RequestsOfGroup } from '../../src/host/cells/requests-of-group.ts';
import { createManualClock } from '../control/support/manual-clock.ts';

const ASK: HttpAsk = {
  id: 'f',
  route: '/',
  method: 'GET',
  url: 'http://here/',
  headers: [],
  body: new Uint8Array(),
};
const ANSWER: HttpAnswer = { status: 200, headers: [], body: 'here' };
const LOST = { code: 'HS_CELL_LOST' };

interface TestCell extends AskedCell {
  asked: number;
  abandoned: number;
}

function createCell(
  answer: () => Promise<HttpAnswer> = async () => ANSWER,
  mayHaveBegun: boolean = true,
): TestCell {
  const made: TestCell = {
    recovered: { mayHaveBegun: () => mayHaveBegun },
    asked: 0,
    abandoned: 0,
    finished: false,
    cell: {
      state: 'assigned',
      ask: () => {
        made.asked += 1;
        return {
          requestId: made.asked,
          answer: answer(),
          abandon: () => {
            made.abandoned += 1;
          },
        };
      },
    },
  };
  return made;
}

/** One that dies with what it is asked. */
function createDyingCell(mayHaveBegun: boolean): TestCell {
  const dying = createCell(async () => {
    Object.assign(dying.cell, { state: 'dead' });
    throw new HairspringError('HS_CELL_LOST', 'Cell c1 died');
  }, mayHaveBegun);
  return dying;
}

test('A request that had not begun when its cell died is handed to the next one, and so again', async () => {
  const requests = new RequestsOfGroup(createManualClock(), () => true);
  const { answer } = requests.ask(createDyingCell(false), ASK);
  await setImmediate();
  requests.bound(createDyingCell(false));
  await setImmediate();
  requests.bound(createCell());
  assert.deepEqual(await answer, ANSWER);
});

test('A request that may have begun in a cell that died runs nowhere else', async () => {
  const requests = new RequestsOfGroup(createManualClock(), () => true);
  const dying = createDyingCell(true);
  const { answer } = requests.ask(dying, ASK);
  await setImmediate();
  requests.judged(dying, { guiltyId: undefined, error: new HairspringError('HS_CELL_LOST', 'it died') });
  const next = createCell();
  requests.bound(next);
  await assert.rejects(answer, LOST);
  assert.equal(next.asked, 0);
});

test('However many cells die, a request waits for others only so long', async () => {
  const clock = createManualClock();
  const requests = new RequestsOfGroup(clock, () => true);
  const { answer } = requests.ask(createDyingCell(false), ASK);
  const rejected = assert.rejects(answer, LOST);
  let rounds = 0;
  const isOver = rejected.then(() => true);
  while (!(await Promise.race([isOver, setImmediate(false)]))) {
    clock.advance(200);
    requests.bound(createDyingCell(false));
    rounds += 1;
    assert.ok(rounds < 10);
  }
});

test('When no other cell comes, clients hear so at once', async () => {
  const requests = new RequestsOfGroup(createManualClock(), () => true);
  const waiting = requests.ask(undefined, ASK).answer;
  requests.end();
  await assert.rejects(waiting, LOST);
  await assert.rejects(requests.ask(createDyingCell(false), ASK).answer, LOST);
});

test('A request that comes while there is no cell is handed to the next one', async () => {
  const requests = new RequestsOfGroup(createManualClock(), () => true);
  const { answer } = requests.ask(undefined, ASK);
  const cell = createCell();
  requests.bound(cell);
  assert.deepEqual(await answer, ANSWER);
  assert.equal(cell.asked, 1);
});

test('When no cell comes in time the client hears so, and a later cell nothing of it', async () => {
  const clock = createManualClock();
  const requests = new RequestsOfGroup(clock, () => true);
  const { answer } = requests.ask(undefined, ASK);
  clock.advance(1_000);
  await assert.rejects(answer, LOST);
  const cell = createCell();
  requests.bound(cell);
  await setImmediate();
  assert.equal(cell.asked, 0);
});

test('A request whose client has gone meanwhile runs nowhere', async () => {
  const requests = new RequestsOfGroup(createManualClock(), () => true);
  const { answer, abandon } = requests.ask(undefined, ASK);
  abandon();
  const cell = createCell();
  requests.bound(cell);
  await assert.rejects(answer, LOST);
  assert.equal(cell.asked, 0);
});

test('A client that goes later ends the request in the cell that took it', async () => {
  const requests = new RequestsOfGroup(createManualClock(), () => true);
  const { answer, abandon } = requests.ask(undefined, ASK);
  const given = Promise.withResolvers<HttpAnswer>();
  const cell = createCell(() => given.promise);
  requests.bound(cell);
  await setImmediate();
  abandon();
  assert.equal(cell.abandoned, 1);
  given.reject(new HairspringError('HS_FUNCTION_CANCELLED', 'it was ended'));
  await assert.rejects(answer, { code: 'HS_FUNCTION_CANCELLED' });
});

test('A function that the next cell does not have is lost to its clients', async () => {
  const requests = new RequestsOfGroup(createManualClock(), () => false);
  const { answer } = requests.ask(undefined, ASK);
  const cell = createCell();
  requests.bound(cell);
  await assert.rejects(answer, LOST);
  assert.equal(cell.asked, 0);
});
