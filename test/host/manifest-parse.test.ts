import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../../src/core/index.ts';
import { parseNexfile, startRequestToWire } from '../../src/host/manifest/index.ts';
import { failure, failureOf, HEAD } from './support/nexfile.ts';

test('A full Nexfile is resolved', () => {
  const manifest = parseNexfile(
    `name: thumbs
type: javascript
lifecycle: function
description: Makes thumbnails
tags: { team: web }
start_request:
  main: ./src/index.ts
  triggers:
    - subject: images.{album}.new
    - { subject: "all.{rest>}", fanout: true }
  bindings:
    CACHE: { kv: thumbs, access: read-write, keys: "t.>", existing: true }
  environment: { LOG_LEVEL: info }
  limits: { timeout: 1m30s, cpu: 20ms, memory: 128MiB, concurrency: 7, queue: 0, payload: 512KiB, minWarm: 1 }
`,
    'Nexfile',
  );
  assert.deepEqual(manifest, {
    name: 'thumbs',
    type: 'javascript',
    lifecycle: 'function',
    description: 'Makes thumbnails',
    tags: { team: 'web' },
    start: {
      source: { kind: 'main', path: './src/index.ts' },
      triggers: [
        {
          kind: 'subject',
          pattern: 'images.{album}.new',
          subject: 'images.*.new',
          captures: [{ index: 1, name: 'album', rest: false }],
          fanout: false,
        },
        {
          kind: 'subject',
          pattern: 'all.{rest>}',
          subject: 'all.>',
          captures: [{ index: 1, name: 'rest', rest: true }],
          fanout: true,
        },
      ],
      bindings: {
        CACHE: { service: 'kv', bucket: 'thumbs', access: 'read-write', keys: 't.>', existing: true },
      },
      environment: { LOG_LEVEL: 'info' },
      limits: {
        timeoutMs: 90_000,
        cpuMs: 20,
        memoryBytes: 128 * 1024 ** 2,
        concurrency: 7,
        queue: 0,
        payloadBytes: 512 * 1024,
        minWarm: 1,
      },
      wasm: { files: undefined, reuse: false },
    },
  });
});

test('What is left out of a Nexfile takes its default', () => {
  const { description, tags, start } = parseNexfile(
    `${HEAD}  uri: nats://code/hello.js\n  bindings: { C: { kv: c } }`,
    'Nexfile',
  );
  assert.deepEqual(
    { description, tags, start },
    {
      description: '',
      tags: {},
      start: {
        source: { kind: 'uri', uri: 'nats://code/hello.js' },
        triggers: [],
        bindings: { C: { service: 'kv', bucket: 'c', access: 'read', keys: '>', existing: false } },
        environment: {},
        limits: DEFAULT_LIMITS,
        wasm: { files: undefined, reuse: false },
      },
    },
  );
});

test('A Nexfile of a WebAssembly function has its own keys, which JavaScript does not', () => {
  const wasm =
    'name: a\ntype: wasm\nlifecycle: function\nstart_request: { main: a.wasm, files: static, reuse: true }';
  const { type, start } = parseNexfile(wasm, 'Nexfile');
  assert.deepEqual([type, start.wasm], ['wasm', { files: 'static', reuse: true }]);
  const refused = failure(wasm.replace('type: wasm', 'type: javascript'));
  assert.match(refused.message, /"files" is for type: wasm/);
  assert.equal(refused.position?.line, 4);
  assert.match(failure(wasm.replace('static', '../up')).message, /not a folder below/);
});

test('A Nexfile in JSON, indented with tabs, is read with positions', () => {
  const json = `{\n\t"name": "a",\n\t"type": "javascript",\n\t"lifecycle": "function",\n\t"start_request": {\n\t\t"main": 5\n\t}\n}`;
  const error = failure(json);
  assert.equal(error.code, 'HS_NEXFILE_INVALID');
  assert.deepEqual(error.position, { file: 'Nexfile', line: 6, column: 11, lineText: '\t\t"main": 5' });
  assert.equal(parseNexfile(json.replace('5', '"a.js"'), 'Nexfile').name, 'a');
});

const MALFORMED: readonly (readonly [string, string, number, RegExp])[] = [
  ['tabs as indentation', 'name: a\nx:\n\ttype: b', 3, /spaces/],
  ['a key that is there twice', 'name: a\ntype: b\nname: c', 3, /Remove one/],
  ['two documents', 'name: a\n---\nname: b', 2, /one function per Nexfile/],
  ['an open bracket', 'name: a\ntags: [x\nstart_request: y', 3, /close every bracket/],
  ['an unquoted colon', 'description: a: b', 1, /in quotes/],
  ['an unknown anchor', 'name: *nobody', 1, /anchor/],
  ['a type tag', 'name: a\ntype: !!js/function f', 2, /Leave out the tag/],
  ['nothing', '# only a comment\n', 1, /Begin with name/],
];

for (const [what, text, line, remedy] of MALFORMED) {
  test(`A Nexfile with ${what} is refused with the line and the remedy`, () => {
    const error = failure(text);
    assert.equal(error.code, 'HS_NEXFILE_MALFORMED');
    assert.equal(error.position?.line, line);
    assert.match(error.hint ?? '', remedy);
    assert.match(error.message, /^Cannot read Nexfile: /);
  });
}

test('Anchors that multiply and bottomless nesting are refused at once', () => {
  const step = (name: string, of: string): string => `${name}: &${name} [${`*${of},`.repeat(9)}]\n`;
  const bomb = `a: &a [x]\n${step('b', 'a')}${step('c', 'b')}${step('d', 'c')}${step('e', 'd')}${step('f', 'e')}`;
  assert.equal(failure(bomb).code, 'HS_NEXFILE_MALFORMED');
  assert.match(failure('['.repeat(100_000)).message, /nested too deeply/);
  assert.match(failure(`name: ${'a'.repeat(300_000)}`).message, /exceed the limit of 262144 bytes/);
});

test('An unknown key is refused at its place with the nearest known one', () => {
  const error = failureOf('  trigers: []');
  assert.equal(error.code, 'HS_NEXFILE_INVALID');
  assert.equal(error.message, 'Cannot use the key "trigers" in start_request: it is not known');
  assert.equal(error.hint, 'Did you mean "triggers"?');
  assert.deepEqual(error.position, { file: 'Nexfile', line: 6, column: 3, lineText: '  trigers: []' });
  assert.equal(failureOf('  limits: { tiemout: 5s }').hint, 'Did you mean "timeout"?');
  assert.equal(failureOf('  triggers: [{ subject: a, fannout: true }]').hint, 'Did you mean "fanout"?');
  assert.equal(failureOf('  bindings: { C: { kv: c, acess: read } }').hint, 'Did you mean "access"?');
  assert.match(failureOf('  zzz: 1').hint ?? '', /Known keys: main, uri, triggers/);
});

test('A misspelt key comes before the key that it leaves missing', () => {
  const error = failure('nmae: a\ntype: javascript\nlifecycle: function\nstart_request: { main: a.js }');
  assert.match(error.message, /"nmae"/);
  assert.match(
    error.hint ?? '',
    /Did you mean "name"\?\n1 more problem:\n- line 1: The key "name" is missing/,
  );
});

const WRONG: readonly (readonly [string, string, RegExp, RegExp])[] = [
  [
    'a list for triggers',
    '  triggers: greet.*',
    /"greet.\*" for start_request.triggers: it is text, and must be a list/,
    /$/,
  ],
  [
    'a number for a duration',
    '  limits: { timeout: 5 }',
    /5 for start_request.limits.timeout: .*must be text/,
    /"5s"/,
  ],
  [
    'text for a count',
    '  limits: { queue: many }',
    /"many" for start_request.limits.queue: .*number/,
    /1000/,
  ],
  [
    'a fraction for a count',
    '  limits: { queue: 1.5 }',
    /1.5 for start_request.limits.queue: .*whole number/,
    /1000/,
  ],
  [
    'a number in the environment',
    '  environment: { PORT: 80 }',
    /80 for start_request.environment.PORT/,
    /quotes: "80"/,
  ],
  [
    'an unknown access',
    '  bindings: { C: { kv: c, access: raed } }',
    /"raed" .*"read" or "write"/,
    /mean "read"/,
  ],
  [
    'a bucket name with a dot',
    '  bindings: { C: { kv: a.b } }',
    /"a.b" for start_request.bindings.C.kv: .*64/,
    /$/,
  ],
  [
    'a bucket of the host',
    '  bindings: { C: { kv: hairspring-x } }',
    /"hairspring-x" .*belong to the host/,
    /own/,
  ],
  [
    'a key filter with a partial wildcard',
    '  bindings: { C: { kv: c, keys: "a*" } }',
    /"a\*" .*key filter/,
    /t\.>/,
  ],
  [
    'a key filter with > inside',
    '  bindings: { C: { kv: c, keys: "a.>.b" } }',
    /"a.>.b" .*key filter/,
    /t\.>/,
  ],
  ['a label with a dash', '  bindings: { A-B: { kv: c } }', /the key "A-B" in start_request.bindings: /, /$/],
  ['the label constructor', '  bindings: { constructor: { kv: c } }', /"constructor" .*reserved/, /$/],
  ['the label prototype', '  environment: { prototype: x }', /"prototype" .*reserved/, /$/],
  [
    'one name in env twice',
    '  bindings: { A: { kv: c } }\n  environment: { A: b }',
    /"A" .*same name/,
    /Rename/,
  ],
  ['both a source file and a uri', '  uri: nats://a/b', /both "main" and "uri"/, /$/],
];

for (const [what, lines, message, hint] of WRONG) {
  test(`A Nexfile with ${what} is refused with the value and the key`, () => {
    const error = failureOf(lines);
    assert.equal(error.code, 'HS_NEXFILE_INVALID');
    assert.match(error.message, message);
    assert.match(error.hint ?? '', hint);
    assert.ok(error.position !== undefined && error.position.line >= 4);
  });
}

test('The label __proto__ is refused, in bindings and anywhere else', () => {
  for (const lines of ['  bindings:\n    __proto__: { kv: c }', '  environment: { "__proto__": x }']) {
    const error = failureOf(lines);
    assert.equal(error.code, 'HS_NEXFILE_INVALID');
    assert.match(error.message, /the key "__proto__" in start_request\.\w+: the name is reserved/);
    assert.equal(error.position?.line, lines.includes('\n') ? 7 : 6);
  }
  assert.match(failure('__proto__: { name: a }').message, /reserved/);
});

test('A source path that leaves the folder is refused', () => {
  for (const path of ['/etc/passwd', '../x.js', 'a/../../x.js', 'a\\b.js', '.', 'src/']) {
    const error = failure(`${HEAD}  main: ${JSON.stringify(path)}`);
    assert.match(error.message, /not a file below the folder/, path);
  }
});

test('A limit out of range is refused with the value, the range and the key', () => {
  const ranges = {
    'timeout: 10m': /"10m" for start_request.limits.timeout: the range is 10ms to 5m/,
    'cpu: 2m': /"2m" for start_request.limits.cpu: the range is 5ms to 1m/,
    'cpu: 6s': /"6s" for start_request.limits.cpu: it is longer than limits.timeout of 5s/,
    'memory: 1MiB': /"1MiB" for start_request.limits.memory: the range is 8MiB to 1GiB/,
    'payload: 1GiB': /"1GiB" for start_request.limits.payload: the range is 1B to 64MiB/,
    'concurrency: 0': /0 for start_request.limits.concurrency: the range is 1 to 1000/,
    'queue: -1': /-1 for start_request.limits.queue: the range is 0 to 100000/,
    'timeout: soon': /"soon" for start_request.limits.timeout: it is not a duration; the range is 10ms to 5m/,
    'memory: lots': /"lots" for start_request.limits.memory: it is not a size; the range is 8MiB to 1GiB/,
  };
  for (const [limit, message] of Object.entries(ranges)) {
    const error = failureOf(`  limits:\n    ${limit}`);
    assert.match(error.message, message);
    assert.deepEqual([error.position?.line, error.position?.lineText], [7, `    ${limit}`]);
  }
});

test('What the format has and this version lacks is refused as not supported yet', () => {
  const triggers = ['stream: { name: O }', 'schedule: "0 6 * * *"', 'kv: { bucket: s }'];
  for (const trigger of triggers) {
    assert.match(failureOf(`  triggers: [{ ${trigger} }]`).message, /not supported yet in this version/);
  }
});

test('An object-store binding grants one bucket, and says how it is made', () => {
  const bindingOf = (text: string): unknown =>
    parseNexfile(`${HEAD}  main: a.js\n  bindings: { B: ${text} }`, 'Nexfile').start.bindings['B'];
  const plain = { storage: 'file', replicas: 1 };
  const grant = { service: 'objectstore', bucket: 'photos', access: 'read', existing: false, create: plain };
  assert.deepEqual(bindingOf('{ objectstore: photos }'), grant);
  assert.deepEqual(bindingOf('{ objectstore: photos, access: read-write, existing: true }'), {
    ...grant,
    access: 'read-write',
    existing: true,
  });
  const options =
    '{ objectstore: photos, description: mine, maxBytes: 1.5GiB, ttl: 24h, storage: memory, replicas: 3 }';
  const create = {
    description: 'mine',
    maxBytes: 1.5 * 1024 ** 3,
    ttlMs: 86_400_000,
    storage: 'memory',
    replicas: 3,
  };
  assert.deepEqual(bindingOf(options), { ...grant, create });
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['{ objectstore: "a.b" }', /"a.b" for .*a bucket name is 1 to 64/],
    ['{ objectstore: ">" }', /a bucket name is/],
    ['{ objectstore: hairspring-artifacts }', /belong to the host/],
    ['{ objectstore: a, access: all }', /"all" for .*access/],
    ['{ objectstore: a, maxBytes: lots }', /not a size/],
    ['{ objectstore: a, maxBytes: 0B }', /room for a byte/],
    ['{ objectstore: a, ttl: soon }', /not a duration/],
    ['{ objectstore: a, ttl: 10ms }', /the shortest is 100ms/],
    ['{ objectstore: a, replicas: 6 }', /the range is 1 to 5/],
    ['{ objectstore: a, storage: tape }', /"tape" for .*storage/],
    ['{ objectstore: a, existing: true, ttl: 1h }', /existing: true says that it is not/],
    ['{ objectstore: a, names: "x" }', /"names"/],
  ];
  for (const [text, message] of wrong)
    assert.match(failureOf(`  bindings: { B: ${text} }`).message, message, text);
});

test('A secret binding names a secret, and nothing else', () => {
  const { start } = parseNexfile(`${HEAD}  main: a.js\n  bindings: { KEY: { secret: api-key } }`, 'Nexfile');
  assert.deepEqual(start.bindings['KEY'], { service: 'secret', secret: 'api-key' });
  const wire = startRequestToWire(start) as { readonly bindings: unknown };
  assert.deepEqual(wire.bindings, { KEY: { secret: 'api-key' } });
  const refused: readonly (readonly [string, RegExp])[] = [
    ['{ secret: a.b }', /a secret has a name of 1 to 64 letters/],
    ['{ secret: "" }', /a secret has a name of 1 to 64 letters/],
    ['{ secret: api-key, access: read }', /"access"/],
    ['{ secret: api-key, kv: b }', /is of one kind, and "secret" is there already/],
    ['{ secret: [a] }', /secret/],
  ];
  for (const [text, message] of refused)
    assert.match(failureOf(`  bindings: { KEY: ${text} }`).message, message, text);
  assert.match(
    failureOf('  bindings: { KEY: { secret: k } }\n  environment: { KEY: v }').message,
    /a binding has the same name/,
  );
});

test('A messaging binding grants publishing, requests, calls of functions, or several of these', () => {
  const bindingOf = (text: string): unknown =>
    parseNexfile(`${HEAD}  main: a.js\n  bindings: { B: ${text} }`, 'Nexfile').start.bindings['B'];
  const publish = ['images.*.done'];
  const request = ['ocr.>', 'a'];
  const call = ['resize'];
  const none = { service: 'messaging', publish: [], request: [], call: [] };
  assert.deepEqual(bindingOf('{ publish: [images.*.done] }'), { ...none, publish });
  assert.deepEqual(bindingOf('{ request: [ocr.>, a] }'), { ...none, request });
  assert.deepEqual(bindingOf('{ call: [resize] }'), { ...none, call });
  const both = bindingOf('{ request: [ocr.>, a], publish: [images.*.done] }');
  assert.deepEqual(both, { ...none, publish, request });
  const all = bindingOf('{ call: [resize], request: [ocr.>, a], publish: [images.*.done] }');
  assert.deepEqual(all, { ...none, publish, request, call });
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['{ publish: [] }', /names no subject/],
    ['{ publish: [">"] }', /">" for .*publish\[0\].*inboxes/],
    ['{ request: ["*.a"] }', /inboxes/],
    ['{ request: ["$JS.API.>"] }', /"\$JS.API.>".*belongs to the server/],
    ['{ request: [_INBOX.a] }', /reserved for replies/],
    ['{ publish: [a..b] }', /not a valid NATS subject/],
    ['{ publish: ["a b"] }', /not a valid NATS subject/],
    ['{ publish: a }', /publish.*must be a list/],
    ['{ call: [] }', /names no function/],
    ['{ call: [a.b] }', /name of a function/],
    ['{ call: ["*"] }', /name of a function/],
    ['{ call: [a], kv: b }', /is of one kind, and "call" is there already/],
    ['{ publish: [a], kv: b }', /is of one kind, and "publish" is there already/],
    ['{ publish: [a], reqest: [b] }', /"reqest"/],
  ];
  for (const [text, message] of wrong)
    assert.match(failureOf(`  bindings: { B: ${text} }`).message, message, text);
});

test('Of several problems the first in the file is the error and the others are listed', () => {
  const error = failureOf('  limits: { queue: -1 }\n  trigers: []\n  environment: { A: 1 }');
  assert.match(error.message, /limits.queue/);
  assert.match(error.hint ?? '', /2 more problems:\n- line 7: .*"trigers".*\n- line 8: .*environment.A/);
});
