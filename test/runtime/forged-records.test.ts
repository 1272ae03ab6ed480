/** What a function makes of its runtime's built-ins writes no records and no long lines into what the host reads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestFunction, handlerOf, moduleOf } from '../support/functions.ts';

const RECORD = '",3,"info","forged",3,"info","';

test('Bytes that are none write no record of their own, whatever their characters are when they are asked again', async () => {
  using probe = createTestFunction(
    handlerOf(`
      const bytes = Object.create(Uint8Array.prototype, { length: { value: ${RECORD.length} } });
      for (let at = 0; at < ${RECORD.length}; at += 1) {
        let asked = 0;
        bytes[at] = { valueOf: () => (++asked > Number(msg.text()) ? '${RECORD}'.charCodeAt(at) : 97) };
      }
      return bytes;`),
  );
  for (let asked = 0; asked < 5; asked += 1) await probe.call({ data: `${asked}` });
  assert.deepEqual(probe.logs, []);
});

test('Bytes write no record of their own by setters of arrays', async () => {
  using probe = createTestFunction(
    moduleOf(`{
      message() {
        for (let at = 0; at < ${RECORD.length}; at += 1)
          Object.defineProperty(Array.prototype, at, { get: () => '${RECORD}'.charCodeAt(at), set() {} });
        return new Uint8Array(${RECORD.length}).fill(97);
      },
    }`),
  );
  await probe.call();
  assert.deepEqual(probe.logs, []);
});

test('A line of the log is no longer than any, whatever joins and cuts it', async () => {
  using probe = createTestFunction(
    handlerOf(`
      const large = { length: 1, toJSON: () => 'x'.repeat(1_000_000) };
      const { join } = Array.prototype;
      Array.prototype.join = () => large;
      console.log('%s', 1, {});
      console.trace();
      Array.prototype.join = join;
      BigInt.prototype.toJSON = large.toJSON;
      const { slice, replaceAll } = String.prototype;
      String.prototype.slice = () => 1n;
      String.prototype.replaceAll = () => 2n;
      console.groupEnd();
      console.log('a line');
      Object.assign(String.prototype, { slice, replaceAll });
      return 'done';`),
  );
  assert.equal(await probe.text(), 'done');
  assert.deepEqual(new Set(probe.logs.map(({ text }) => text)), new Set(['[text that is none]']));
});
