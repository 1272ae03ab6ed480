import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Binding, HairspringError } from '../../src/core/index.ts';
import {
  answer,
  buildComponent,
  type ComponentText,
  ECHO,
  externName,
  HANDLER,
  joinSections,
  list,
  moduleSection,
  name,
  section,
  typeIndex,
} from '../support/component/index.ts';
import { cpuMsOf } from '../support/cpu.ts';
import { type CompileOptions, compileBytes, toWasm } from '../support/wasm.ts';

function refusal(bytes: Uint8Array, options: CompileOptions = {}): HairspringError {
  try {
    compileBytes(bytes, options);
  } catch (error) {
    assert.ok(HairspringError.is(error), String(error));
    return error;
  }
  return assert.fail('it was taken');
}

const STORE = {
  from: 'wasi:keyvalue/store@0.2.0-draft2',
  resources: ['bucket'],
  functions: [{ name: 'open', params: ['string'], result: ['result', ['own', 'bucket'], null] }],
} as const;
const LOGGER = {
  from: 'wasi:logging/logging',
  functions: [{ name: 'log', params: [['enum', ['trace']], 'string', 'string'] }],
} as const;
const importing = (from: string, called: string): ComponentText => ({
  body: ECHO,
  imports: [{ from, functions: [{ name: called, params: [] }] }],
});

const REFUSED: readonly (readonly [what: string, text: ComponentText, message: RegExp, hint?: RegExp])[] = [
  [
    'without a handler',
    { body: ECHO, exported: 'handle' },
    /exports neither handle-message nor wasi:cli\/run/,
  ],
  [
    'with a handler of another type',
    { body: '(i32.const 0)', handler: { name: 'handle-message', params: [], result: 'u32' } },
    /its handle-message is \(\) -> u32, and not \(record \{ subject: string/,
  ],
  [
    'with a handler of requests of another type',
    {
      body: '(i32.const 0)',
      handler: { name: 'handle', params: [], result: 'u32' },
      exportedIn: 'wasi:http/incoming-handler@0.2.0',
    },
    /its handle of wasi:http\/incoming-handler is \(\) -> u32, and not \(own, own\) -> _/,
  ],
  [
    'that sends HTTP requests without a binding',
    importing('wasi:http/outgoing-handler@0.2.0', 'handle'),
    /imports "wasi:http\/outgoing-handler@0.2.0", and no binding of the function grants it/,
    /WEB: \{ http: \[/,
  ],
  [
    'with an import that nobody provides',
    importing('wasi:sockets/tcp@0.2.0', 'connect'),
    /"wasi:sockets\/tcp@0.2.0"."connect", which nobody provides/,
  ],
  [
    'with an unknown function of a known interface',
    importing('wasi:logging/logging', 'shout'),
    /"shout", which nobody provides/,
  ],
  [
    'with an import of WASI 0.3',
    importing('wasi:cli/environment@0.3.0', 'get-arguments'),
    /of a version that this one does not know/,
    /WASI 0\.2/,
  ],
  [
    'with an import that no binding grants',
    { body: ECHO, imports: [STORE] },
    /imports "wasi:keyvalue\/store@0.2.0-draft2", and no binding of the function grants it/,
    /start_request.bindings .* CACHE: \{ kv: cache \}/,
  ],
  [
    'that publishes without a binding',
    importing('hairspring:function/messaging@1.0.0', 'publish'),
    /no binding of the function grants it/,
    /publish: \[/,
  ],
  [
    'that uses objects without a binding',
    importing('wasi:blobstore/blobstore@0.2.0-draft', 'get-container'),
    /imports "wasi:blobstore\/blobstore@0.2.0-draft", and no binding of the function grants it/,
    /start_request.bindings .* PHOTOS: \{ objectstore: photos \}/,
  ],
  [
    'with a function that wasi:blobstore does not have',
    importing('wasi:blobstore/container@0.2.0-draft', '[method]container.watch'),
    /"\[method\]container.watch", which nobody provides/,
  ],
  ['with a shared memory', { body: ECHO, memory: '1 2 shared' }, /shared or 64-bit/],
  ['with a huge table', { body: ECHO, rest: '(table 5000000 funcref)' }, /tables have 5000000 elements/],
];

for (const [what, text, message, hint = /.{10}/] of REFUSED) {
  test(`A component ${what} is refused in plain words`, () => {
    const error = refusal(buildComponent(text));
    assert.equal(error.code, 'HS_WASM_INVALID');
    assert.match(error.message, message);
    assert.match(error.hint ?? '', hint);
  });
}

test('A component is taken with the binding that it needs', () => {
  const kv: Binding = { service: 'kv', bucket: 'b', access: 'read', keys: '>', existing: false };
  compileBytes(buildComponent({ body: ECHO, imports: [STORE] }), { bindings: { CACHE: kv } });
});

test('Memories that begin with more than the limit are refused with both figures', () => {
  const error = refusal(buildComponent({ body: ECHO, memory: '1000' }), { memoryBytes: 16 * 1024 ** 2 });
  assert.equal(error.code, 'HS_FUNCTION_MEMORY');
  assert.match(error.message, /62\.5MiB.*16MiB/);
});

test('A component has no files', () => {
  const error = refusal(buildComponent({ body: ECHO }), { files: { 'a.txt': 'a' } });
  assert.match(error.message, /has no files/);
});

const MEMORY = toWasm('(module (memory (export "memory") 1))');

const DEFINITIONS = /^Cannot load probe: the component has more than 200000 definitions and items/;

const HOSTILE: readonly (readonly [what: string, bytes: Uint8Array, message: RegExp])[] = [
  ['that is empty', joinSections(), /exports neither/],
  ['whose section ends too late', joinSections(Uint8Array.from([7, 200])), /ends too early/],
  ['with an unknown section', joinSections(section(77, [[0]])), /unknown kind 77/],
  ['with a start function', joinSections(section(9, [[0]])), /start function/],
  [
    'with more definitions than anybody needs',
    joinSections(
      section(
        7,
        Array.from({ length: 600_000 }, () => [0x73]),
      ),
    ),
    /bytes of definitions/,
  ],
  [
    'with types within each other without end',
    joinSections(
      section(7, [[0x70, 0x73], ...Array.from({ length: 200 }, (_, index) => [0x70, ...typeIndex(index)])]),
    ),
    /more than 100 types within each other/,
  ],
  [
    'that multiplies itself',
    joinSections(...multiplying(12)),
    /definitions|components? .*within|instances of modules/,
  ],
  [
    'that makes a long list again and again',
    multiplyingOne(section(5, [[1, ...list(repeat(78_000, [...externName(''), 3, 0]))]])),
    DEFINITIONS,
  ],
  [
    'that makes a long record again and again',
    multiplyingOne(section(7, [[0x72, ...list(repeat(100_000, [0, 0x79]))]])),
    DEFINITIONS,
  ],
  ['that gives a module a long list again and again', importingMuch(45_000, 80_000), DEFINITIONS],
  ['that lowers a function with a long list of parameters again and again', loweringMuch(), DEFINITIONS],
  [
    'whose handler has a long list of parameters with long names',
    joinSections(
      section(7, [
        [0x6e, ...list([name('a'.repeat(250_000)), name('b')])],
        [0x40, ...list(repeat(100_000, [0, 0])), 1, 0],
        [0x3f, 0x7f, 0],
      ]),
      section(8, [
        [3, 2],
        [0, 0, 0, 0, 1],
      ]),
      section(11, [[...externName('handle-message'), 1, 0, 0]]),
    ),
    /its handle-message is \(flags \{ aaa/,
  ],
  ['that gives a module a long name again and again', namingMuch(), /names .* more than 1000000 characters/],
  [
    'with a thousand instances',
    joinSections(
      moduleSection(MEMORY),
      section(
        2,
        Array.from({ length: 1_000 }, () => [0, 0, 0]),
      ),
    ),
    /more than 64 instances/,
  ],
  [
    'that takes what its module does not export',
    replaceAll(buildComponent({ body: ECHO }), 'handle', 'handel', 1),
    /takes "handle" from a module that does not export it/,
  ],
  [
    'whose module is not given what it imports',
    replaceAll(buildComponent({ body: ECHO, imports: [LOGGER] }), 'realloc', 'reallok', 1),
    /not given "memory.realloc"|takes "realloc"/,
  ],
  [
    'that refers to what is not there',
    joinSections(section(2, [[0, 9, 0]])),
    /core module 9, which is not there/,
  ],
  ['with an alias that leads out of it', joinSections(section(6, [[3, 2, 5, 0]])), /leads out of it/],
  [
    'whose export is what is not there',
    joinSections(section(11, [[0, ...name('handle-message'), 1, 0, 0]])),
    /func 0, which is not there/,
  ],
];

/** With the first `count` places where a text stands changed. */
function replaceAll(bytes: Uint8Array, from: string, to: string, count: number): Uint8Array {
  const copy = Buffer.from(bytes);
  for (let left = count, at = copy.indexOf(from); left > 0 && at !== -1; left -= 1) {
    copy.write(to, at);
    at = copy.indexOf(from, at + 1);
  }
  return copy;
}

/** Components within each other, each of which instantiates the one within it ten times. */
function multiplying(depth: number): Uint8Array[] {
  let inner: Uint8Array = joinSections(section(7, [[0x73]]));
  for (let left = depth; left > 0; left -= 1) {
    const nested = Buffer.concat([
      sectionOf(4, inner),
      section(
        5,
        Array.from({ length: 10 }, () => [0, 0, 0]),
      ),
    ]);
    inner = joinSections(nested);
  }
  return [inner.subarray(8)];
}

function repeat(times: number, item: readonly number[]): (readonly number[])[] {
  return Array.from({ length: times }, () => item);
}

/** A component within another, which instantiates it as often as fits into what may be read. */
function multiplyingOne(definition: Uint8Array): Uint8Array {
  const inner = joinSections(section(7, [[0x73]]), definition);
  return joinSections(sectionOf(4, inner), section(5, repeat(60_000, [0, 0, 0])));
}

/** An instance of a module that is given another, made of a function with many names, as often as said. */
function importingMuch(names: number, imports: number): Uint8Array {
  const items = Array.from({ length: names }, (_, index) => [...name(index.toString(36)), 0, 0]);
  return joinSections(
    moduleSection(MEMORY),
    section(7, [[0x3f, 0x7f, 0]]),
    section(8, [[3, 0]]),
    section(2, [
      [1, ...list(items)],
      [0, 0, ...list(repeat(imports, [0, 18, 0]))],
    ]),
  );
}

/** A command that would be taken, but for the size of its plan. */
function namingMuch(): Uint8Array {
  return joinSections(
    moduleSection(toWasm('(module (func (export "run") (result i32) (i32.const 0)))')),
    section(2, [[0, 0, 0]]),
    section(6, [[0, 0, 1, 0, ...name('run')]]),
    section(7, [
      [0x6a, 0, 0],
      [0x40, 0, 0, 0],
    ]),
    section(8, [[0, 0, 0, 0, 1]]),
    section(5, [[1, ...list([[...externName('run'), 1, 0]])]]),
    section(11, [[...externName('wasi:cli/run'), 5, 0, 0]]),
    section(2, [
      [1, ...list([[...name('a'.repeat(200_000)), 0, 0]])],
      [0, 0, ...list(repeat(60_000, [0, 18, 1]))],
    ]),
  );
}

function loweringMuch(): Uint8Array {
  return joinSections(
    section(7, [[0x40, ...list(repeat(100_000, [0, 0x79])), 1, 0]]),
    section(10, [[...externName('a'), 1, 0]]),
    section(8, repeat(60_000, [1, 0, 0, 0])),
  );
}

function sectionOf(id: number, content: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let rest = content.length; rest > 0; rest >>>= 7)
    length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
  return Buffer.concat([Uint8Array.from([id, ...length]), content]);
}

for (const [what, bytes, message] of HOSTILE) {
  test(`A component ${what} is refused within a second`, () => {
    const tookMs = cpuMsOf(() => {
      const error = refusal(bytes);
      assert.equal(error.code, 'HS_WASM_INVALID');
      assert.match(error.message, message);
    });
    assert.ok(tookMs < 1_000, `it took ${tookMs} ms`);
  });
}

const WHOLE = buildComponent({
  body: `(drop (i32.const 0)) ${answer('(i32.const 0)', '(i32.const 0)')}`,
  imports: [STORE],
  handler: HANDLER,
});

test('A component cut off anywhere is refused with the same code, never another error', () => {
  for (let length = 8; length < WHOLE.length; length += 1)
    assert.equal(refusal(WHOLE.subarray(0, length)).code, 'HS_WASM_INVALID', `${length} bytes`);
});

test('A component with any byte changed is taken or refused with a code, never another error', () => {
  for (let at = 8; at < WHOLE.length; at += 1) {
    for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
      const bytes = Uint8Array.from(WHOLE);
      bytes[at] = value;
      try {
        compileBytes(bytes);
      } catch (error) {
        assert.ok(HairspringError.is(error), `${at} is ${value}: ${String(error)}`);
      }
    }
  }
});
