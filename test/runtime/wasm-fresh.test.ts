/** An instance that was put back cannot be told from a new one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { WasmFunction } from '../../src/runtime/index.ts';
import { answer, compileComponent, storeReply } from '../support/component/index.ts';
import { sleeper } from '../support/component-texts.ts';
import { createTestFunction, type TestFunction } from '../support/functions.ts';
import { command, compileWat, reactor, writeFd } from '../support/wasm.ts';

/** Where the module keeps what it found, and where its orders are. */
const FOUND = 64;
const FOUND_BYTES = 48;
const ORDERS = 256;
const ORDER_BYTES = 8;

const SCRIBBLE = 0;
const GLOBALS = 1;
const GROW = 2;
const FLOOD = 3;
const COPY = 4;
const TRAP = 5;
const FAIL = 6;
const RECURSE = 7;

interface Handler {
  /** Reads the orders to ORDERS and leaves their length. */
  readonly receive: string;
  /** Sends what was found. */
  readonly answer: string;
  /** Ends with an error. */
  readonly fail: string;
  readonly end: string;
}

const DATA = `(data (i32.const 1000) "some data") (data (i32.const 131070) "\\01\\02") (data $passive "passive")`;
const READ_PASSIVE = `(memory.init $passive (i32.const ${FOUND + 40}) (i32.const 0) (i32.const 7))`;

/**
 * Fields of a module with what it takes to find out what an instance finds (a hash of its memory, its globals, its
 * size, and what its table and its passive data have), and to do as it is ordered, eight bytes each: what, how, where.
 */
function fields(data: string, readPassive: string): string {
  return `(table 3 funcref) (elem (i32.const 1) $one $deep) ${data}
    (global $a (mut i32) (i32.const -7)) (global $b (mut i64) (i64.const 1234567890123))
    (global $c (mut f32) (f32.const -0.5)) (global $d (mut f64) (f64.const -0)) (global $e i32 (i32.const 3))
    (type $number (func (result i32)))
    (func $one (result i32) (i32.add (global.get $a) (global.get $e)))
    (func $deep (result i32) (call $deep))
    (func $hash (result i32) (local $at i32) (local $hash i32)
      (local.set $hash (i32.const 0x811c9dc5))
      (loop $next
        (local.set $hash (i32.mul (i32.const 16777619) (i32.xor (local.get $hash) (i32.load (local.get $at)))))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4)))
          (i32.mul (memory.size) (i32.const 65536)))))
      (local.get $hash))
    (func $find
      (i32.store (i32.const ${FOUND}) (call $hash))
      (i32.store offset=4 (i32.const ${FOUND}) (memory.size))
      (i32.store offset=8 (i32.const ${FOUND}) (global.get $a))
      (i64.store offset=12 (i32.const ${FOUND}) (global.get $b))
      (f32.store offset=20 (i32.const ${FOUND}) (global.get $c))
      (f64.store offset=24 (i32.const ${FOUND}) (global.get $d))
      (i32.store offset=32 (i32.const ${FOUND}) (call_indirect (type $number) (i32.const 1)))
      (i32.store offset=36 (i32.const ${FOUND}) (ref.is_null (table.get 0 (i32.const 0))))
      ${readPassive})
    (func $obey (param $at i32) (local $what i32) (local $how i32) (local $where i32)
      (local.set $what (i32.load8_u (local.get $at)))
      (local.set $how (i32.load8_u offset=1 (local.get $at)))
      (local.set $where (i32.load offset=4 (local.get $at)))
      (if (i32.eq (local.get $what) (i32.const ${SCRIBBLE}))
        (then (i32.store8 (i32.and (local.get $where) (i32.const 131071)) (local.get $how))))
      (if (i32.eq (local.get $what) (i32.const ${GLOBALS})) (then
        (global.set $a (local.get $where)) (global.set $b (i64.extend_i32_s (local.get $where)))
        (global.set $c (f32.reinterpret_i32 (local.get $where)))
        (global.set $d (f64.convert_i32_s (local.get $where)))))
      (if (i32.eq (local.get $what) (i32.const ${GROW}))
        (then (drop (memory.grow (i32.and (local.get $how) (i32.const 3))))))
      (if (i32.eq (local.get $what) (i32.const ${FLOOD}))
        (then (memory.fill (i32.const 65536) (local.get $how) (i32.const 65536))))
      (if (i32.eq (local.get $what) (i32.const ${COPY}))
        (then (memory.copy (i32.const 65536) (i32.const 0) (i32.const 65536))))
      (if (i32.eq (local.get $what) (i32.const ${TRAP})) (then (unreachable)))
      (if (i32.eq (local.get $what) (i32.const ${RECURSE}))
        (then (drop (call_indirect (type $number) (i32.const 2))))))`;
}

function handlerBody({ receive, answer, fail, end }: Handler): string {
  return `(local $at i32) (local $end i32)
      (call $find)
      ${answer}
      (local.set $end (i32.add (i32.const ${ORDERS}) ${receive}))
      (local.set $at (i32.const ${ORDERS}))
      (block $done (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (if (i32.eq (i32.load8_u (local.get $at)) (i32.const ${FAIL}))
          (then ${fail}))
        (call $obey (local.get $at))
        (local.set $at (i32.add (local.get $at) (i32.const ${ORDER_BYTES})))
        (br $next)))
      ${end}`;
}

function moduleText(exported: string, imports: string, handler: Handler): string {
  return `(module ${imports} (memory (export "memory") 2) ${fields(DATA, READ_PASSIVE)}
    (func (export "${exported}") ${handler.end === '' ? '' : '(result i32)'} ${handlerBody(handler)}))`;
}

const REACTOR_IMPORTS = `(import "hairspring_v1" "data_read" (func $read (param i32 i32) (result i32)))
  (import "hairspring_v1" "reply_write" (func $reply (param i32 i32)))`;
const CALL_IMPORT =
  '(import "hairspring_v1" "call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))';
const WASI_IMPORTS = `(import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))`;
const POLL_IMPORT =
  '(import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))';

const reactorText = (more: string): string =>
  moduleText('hairspring_message', `${REACTOR_IMPORTS} ${more}`, {
    receive: `(call $read (i32.const ${ORDERS}) (i32.const 512))`,
    answer: `(call $reply (i32.const ${FOUND}) (i32.const ${FOUND_BYTES}))`,
    fail: '(return (i32.const 3))',
    end: '(i32.const 0)',
  });

/** Vectors at 0, counts at 8. */
const commandText = (more: string): string =>
  moduleText('_start', `${WASI_IMPORTS} ${more}`, {
    receive: `(block (result i32)
      (i32.store (i32.const 0) (i32.const ${ORDERS})) (i32.store (i32.const 4) (i32.const 512))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (i32.load (i32.const 8)))`,
    answer: `(i32.store (i32.const 0) (i32.const ${FOUND})) (i32.store (i32.const 4) (i32.const ${FOUND_BYTES}))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))`,
    fail: '(call $exit (i32.const 3))',
    end: '',
  });

/** Its orders are in its memory before it begins, and its answer is what is there when it ends. */
const COMPONENT: Handler = {
  receive: `(block (result i32)
    (memory.copy (i32.const ${ORDERS}) (local.get $data) (local.get $dataLength)) (local.get $dataLength))`,
  answer: storeReply(`(i32.const ${FOUND})`, `(i32.const ${FOUND_BYTES})`),
  fail: '(unreachable)',
  end: '(i32.const 1024)',
};

const component = (): WasmFunction =>
  compileComponent({ body: handlerBody(COMPONENT), rest: fields(DATA, READ_PASSIVE), memory: '2' });

/** The module that has its memory is another one, so it has no data. */
const waitingComponent = (): WasmFunction =>
  compileComponent({
    ...sleeper(1),
    body: handlerBody(COMPONENT),
    rest: fields('', ''),
    memory: '2',
  });

function stateOf(made: WasmFunction): readonly string[] | undefined {
  if (made.abi !== 'component') return made.state?.globals;
  return made.states?.flatMap(({ globals }) => globals);
}

function withoutState(made: WasmFunction): WasmFunction {
  return made.abi === 'component' ? { ...made, states: undefined } : { ...made, state: undefined };
}

interface Order {
  readonly what: number;
  readonly how: number;
  readonly where: number;
}

const order: fc.Arbitrary<Order> = fc.record({
  what: fc.constantFrom(SCRIBBLE, SCRIBBLE, GLOBALS, GROW, FLOOD, COPY, TRAP, FAIL, RECURSE),
  how: fc.integer({ min: 1, max: 255 }),
  where: fc.integer(),
});
const messages = fc.array(fc.array(order, { maxLength: 12 }), { minLength: 2, maxLength: 8 });

function encode(orders: readonly Order[]): Uint8Array {
  const bytes = Buffer.alloc(orders.length * ORDER_BYTES);
  for (const [index, { what, how, where }] of orders.entries()) {
    bytes.writeUInt8(what, index * ORDER_BYTES);
    bytes.writeUInt8(how, index * ORDER_BYTES + 1);
    bytes.writeInt32LE(where, index * ORDER_BYTES + 4);
  }
  return bytes;
}

async function found(probe: TestFunction, data: Uint8Array): Promise<string> {
  const answer = await probe.call({ data });
  if (!answer.ok) return answer.error.code;
  return Buffer.from(answer.outcome.payload ?? '').toString('hex');
}

for (const [what, compile, globals] of [
  ['A reactor', () => compileWat(reactorText('')), 4],
  ['A reactor that may wait', () => compileWat(reactorText(CALL_IMPORT)), 4],
  ['A command', () => compileWat(commandText('')), 4],
  ['A command that may wait', () => compileWat(commandText(POLL_IMPORT)), 4],
  ['A component', component, 5],
  ['A component that may wait', waitingComponent, 5],
] as const) {
  test(`${what} finds nothing of the message before, whatever that did`, async () => {
    const module = compile();
    assert.equal(stateOf(module)?.length, globals, 'it can be put back');
    using pristine = createTestFunction(withoutState(module));
    const nothing = await found(pristine, new Uint8Array(0));
    assert.equal(nothing.length, FOUND_BYTES * 2);
    const answers = new Map<string, string>();
    const expectedOf = async (orders: readonly Order[]): Promise<string> => {
      const data = encode(orders);
      const key = Buffer.from(data).toString('hex');
      const expected = answers.get(key) ?? (await found(pristine, data));
      answers.set(key, expected);
      return expected;
    };
    await fc.assert(
      fc.asyncProperty(messages, async (all) => {
        using probe = createTestFunction(module);
        for (const orders of all) {
          const answer = await found(probe, encode(orders));
          assert.equal(answer, await expectedOf(orders));
          if (orders.some((each) => each.what >= TRAP)) assert.match(answer, /^HS_FUNCTION_(?:THREW|EXIT)$/);
        }
        const together = await Promise.all(all.map((orders) => found(probe, encode(orders))));
        assert.deepEqual(together, await Promise.all(all.map(expectedOf)));
        assert.equal(await found(probe, new Uint8Array(0)), nothing);
      }),
      { numRuns: 12 },
    );
  });
}

const START_WRITES = `(global $count (mut i32) (i32.const 1))
  (func $init (global.set $count (i32.const 7)) (i32.store (i32.const 2048) (i32.const 0x6f6c6c61))) (start $init)`;
const COUNT_AND_SAY = `(i32.store (i32.const 2044) (i32.add (global.get $count) (i32.const 48)))
  (global.set $count (i32.add (global.get $count) (i32.const 1)))`;
const SPOIL = '(i32.store (i32.const 2048) (i32.const 0))';

test('What a start function wrote is there for each message, and what a message made of it is not', async () => {
  const reply = '(call $reply_write (i32.const 2044) (i32.const 8))';
  const module = compileWat(reactor(`${COUNT_AND_SAY} ${reply} ${SPOIL}`, START_WRITES));
  const made = compileComponent({
    body: `${COUNT_AND_SAY} ${answer('(i32.const 2044)', '(i32.const 8)')}`,
    rest: START_WRITES,
  });
  for (const each of [module, made]) {
    using probe = createTestFunction(each);
    for (let count = 0; count < 4; count += 1) assert.equal(await probe.text(), '7\0\0\0allo');
  }
});

test('A start function that asks the host is run for each message', async () => {
  const random = command(
    writeFd(1, 64, '(i32.const 8)'),
    '(func $init (drop (call $random_get (i32.const 64) (i32.const 8)))) (start $init)',
  );
  const made = compileComponent({
    imports: [
      {
        from: 'wasi:random/random@0.2.0',
        functions: [{ name: 'get-random-u64', params: [], result: 'u64' }],
      },
    ],
    rest: `(import "host" "get-random-u64" (func $random (result i64)))
      (func $init (i64.store (i32.const 2048) (call $random))) (start $init)`,
    body: answer('(i32.const 2048)', '(i32.const 8)'),
  });
  for (const each of [compileWat(random), made]) {
    using probe = createTestFunction(each);
    const answers = await Promise.all(Array.from({ length: 8 }, () => found(probe, new Uint8Array(0))));
    assert.equal(new Set(answers).size, 8);
    assert.doesNotMatch(answers.join(), /HS_|^0*$/);
  }
});
