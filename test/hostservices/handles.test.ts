import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HairspringError } from '../../src/core/index.ts';
import { Handles, type Held } from '../../src/hostservices/shared/handles.ts';

function createHeld(): Held & { released: number } {
  return {
    released: 0,
    release() {
      this.released += 1;
    },
  };
}

const createHandles = (): Handles<ReturnType<typeof createHeld>> =>
  new Handles({ what: 'a watch', label: 'CACHE', perInvocation: 2, perFunction: 3 });

const codeOf = (error: unknown): string => (HairspringError.is(error) ? error.code : String(error));

test('What an invocation has left open is released when it ends, and nothing of others', () => {
  const handles = createHandles();
  const [own, closed, other] = [createHeld(), createHeld(), createHeld()];
  handles.add(1, own);
  handles.close(handles.add(1, closed));
  const kept = handles.add(2, other);
  handles.ended(1);
  handles.ended(1);
  assert.deepEqual([own.released, closed.released, other.released], [1, 1, 0]);
  assert.equal(handles.get(kept), other);
  assert.equal(handles.size, 1);
});

test('A handle that is closed, made up or none at all is refused', () => {
  const handles = createHandles();
  const handle = handles.add(1, createHeld());
  handles.close(handle);
  for (const given of [handle, 99, '1', null, Number.NaN]) {
    assert.throws(
      () => handles.get(given),
      (error) => codeOf(error) === 'HS_HOST_CALL_INVALID',
    );
    handles.close(given);
  }
});

test('What is opened beyond the bounds of an invocation or of the function is released and refused', () => {
  const handles = createHandles();
  for (const callerId of [1, 1, 2]) handles.add(callerId, createHeld());
  for (const callerId of [1, 3]) {
    const late = createHeld();
    assert.throws(
      () => handles.add(callerId, late),
      (error) => codeOf(error) === 'HS_HOST_CALL_LIMIT',
    );
    assert.equal(late.released, 1);
  }
  assert.equal(handles.size, 3);
});

test('What is being opened counts, and outlives its invocation until that is said to have ended once more', async () => {
  const handles = createHandles();
  const [late, failing] = [
    Promise.withResolvers<ReturnType<typeof createHeld>>(),
    Promise.withResolvers<never>(),
  ];
  const opening = handles.open(1, () => late.promise);
  const failed = handles.open(1, () => failing.promise);
  let made = 0;
  const beyond = handles.open(1, async () => {
    made += 1;
    return createHeld();
  });
  await assert.rejects(beyond, (error) => codeOf(error) === 'HS_HOST_CALL_LIMIT');
  failing.reject(new Error('not there'));
  await assert.rejects(failed, /not there/);
  assert.deepEqual([made, handles.size], [0, 1]);
  handles.ended(1);
  const held = createHeld();
  late.resolve(held);
  const handle = await opening;
  assert.equal(handles.get(handle), held);
  assert.deepEqual([held.released, handles.size], [0, 1]);
  handles.ended(1);
  assert.deepEqual([held.released, handles.size, handles.find(handle)], [1, 0, undefined]);
});

test('What is closed while it is being opened is released when it is there', async () => {
  const handles = createHandles();
  const late = Promise.withResolvers<ReturnType<typeof createHeld>>();
  const before = handles.add(1, createHeld());
  handles.close(before);
  const opening = handles.open(1, () => late.promise);
  handles.close(before + 1);
  const held = createHeld();
  late.resolve(held);
  assert.equal(await opening, before + 1);
  assert.deepEqual([held.released, handles.size], [1, 0]);
});
