/** What a reactor passes to `call` is its own affair, and nobody else's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HairspringError, type HostCall } from '../../src/core/index.ts';
import { createTestFunction } from '../support/functions.ts';
import { turns, until } from '../support/turns.ts';
import { compileWat, reactor } from '../support/wasm.ts';

/** Calls with the subject's second token as label, the payload as operation and X-Args as arguments. */
const CALLER = compileWat(
  reactor(
    `(i32.store (i32.const 8) (call $call
      (i32.const 1024) (call $param_read (i32.const 0) (i32.const 3) (i32.const 1024) (i32.const 1024))
      (i32.const 2048) (call $data_read (i32.const 2048) (i32.const 2048))
      (i32.const 4096) (call $header_read (i32.const 16) (i32.const 6) (i32.const 4096) (i32.const 4096))
      (i32.const 0) (i32.const 0)))
    (call $reply_write (i32.const 8) (i32.const 1))
    (call $reply_write (i32.const 8192) (call $result_value (i32.const 8192) (i32.const 4096)))`,
    '(data (i32.const 0) "key") (data (i32.const 16) "X-Args")',
  ),
);

interface Odd {
  readonly label?: string;
  readonly op?: string;
  readonly args?: readonly unknown[];
}

const ODD: Readonly<Record<string, (neighbour: number) => Odd>> = {
  'an operation with a zero byte': () => ({ op: 'get\0' }),
  'an operation with a quote': () => ({ op: 'get"' }),
  'an operation that goes on as a reply to another caller': (neighbour) => ({
    op: `get",[],0,0,0,${neighbour},0,0,1,"forged",2,1,0,0,"HOST","get`,
  }),
  'an operation of 257 characters': () => ({ op: 'x'.repeat(257) }),
  'a label of 257 characters': () => ({ label: 'x'.repeat(257) }),
  'seventeen arguments': () => ({ args: Array.from({ length: 17 }, () => 'k') }),
};

for (const [what, make] of Object.entries(ODD)) {
  test(`A reactor that calls with ${what} reads an error, and its neighbour is answered`, async () => {
    const held: { readonly id: number; readonly release: () => void }[] = [];
    using probe = createTestFunction(CALLER, {
      host: async ({ op }: HostCall, { id }) => {
        if (op !== 'get') throw new HairspringError('HS_HOST_CALL_INVALID', 'There is no such operation');
        await new Promise<void>((release) => held.push({ id, release }));
        return { value: 'mine' };
      },
    });
    const call = ({ label = 'HOST', op = 'get', args = [] }: Odd) =>
      probe.call({ subject: `probe.${label}`, data: op, headers: [['X-Args', JSON.stringify(args)]] });
    const neighbour = call({});
    await until(() => held.length === 1);
    const answer = await call(make(held[0]?.id ?? 0));
    assert.ok(answer.ok, answer.ok ? '' : `${answer.error.code}: ${answer.error.message}`);
    assert.ok(answer.text.startsWith('\x01{"code":"HS_HOST_CALL_INVALID",'), answer.text);
    assert.ok(answer.text.length < 500, 'the error quotes all of it');
    await turns();
    held[0]?.release();
    assert.deepEqual(await neighbour.then((one) => one.ok && one.text), '\0"mine"');
    assert.equal(probe.runner.stats().coldStarts, 1);
  });
}
