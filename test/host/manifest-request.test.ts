import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HairspringError, LIMIT_RANGES, type LimitRange } from '../../src/core/index.ts';
import {
  artifactUri,
  parseArtifactUri,
  parseNexfile,
  parseObjectUri,
  parseStartRequest,
  startRequestToWire,
} from '../../src/host/manifest/index.ts';

const DIGEST = 'ab'.repeat(32);

function within(range: LimitRange): fc.Arbitrary<number> {
  return fc.integer({ min: range.min, max: range.max });
}

function failure(action: () => unknown): HairspringError {
  try {
    action();
  } catch (error) {
    assert.ok(HairspringError.is(error), `not a HairspringError: ${String(error)}`);
    return error;
  }
  return assert.fail('it was accepted');
}

test('A start request that was sent is read back the same, whatever the limits', () => {
  const { start } = parseNexfile(
    `name: a
type: javascript
lifecycle: function
start_request:
  main: a.ts
  triggers: [{ subject: "a.{b}.>" }, { subject: x.*, fanout: true }]
  bindings:
    C: { kv: c, access: write, keys: t.*, existing: true }
    O: { objectstore: o, existing: true }
    P: { objectstore: p, access: write, description: d, maxBytes: 1234567B, ttl: 90m, storage: memory, replicas: 3 }
  environment: { A: b }`,
    'Nexfile',
  );
  const limitsOf = fc.record(
    {
      timeoutMs: within(LIMIT_RANGES.timeoutMs),
      cpuMs: within(LIMIT_RANGES.cpuMs),
      memoryBytes: within(LIMIT_RANGES.memoryBytes),
      concurrency: within(LIMIT_RANGES.concurrency),
      queue: within(LIMIT_RANGES.queue),
      payloadBytes: within(LIMIT_RANGES.payloadBytes),
      minWarm: within(LIMIT_RANGES.minWarm),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(limitsOf, (drawn) => {
      const limits = { ...drawn, cpuMs: Math.min(drawn.cpuMs, drawn.timeoutMs) };
      const source = { kind: 'uri', uri: artifactUri(DIGEST) } as const;
      const wire = JSON.stringify(startRequestToWire({ ...start, limits }, source));
      assert.deepEqual(parseStartRequest(wire), { ...start, limits, source });
    }),
  );
});

test('A start request is refused with the path of the problem', () => {
  const error = failure(() => parseStartRequest({ uri: 'nats://a/b', triggers: [{ subject: '$JS.x' }] }));
  assert.equal(error.code, 'HS_TRIGGER_FORBIDDEN');
  assert.match(error.message, /"\$JS\.x" for triggers\[0\]\.subject: /);
  assert.equal(error.position, undefined);
});

test('A run_request that is not JSON, not a map, or nested for ever is refused with a code', () => {
  assert.equal(failure(() => parseStartRequest('{')).code, 'HS_REQUEST_INVALID');
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  for (const value of ['5', '[]', 'null', undefined, deep, `{"uri":"nats://a/b","triggers":${deep}}`]) {
    assert.equal(failure(() => parseStartRequest(value)).code, 'HS_NEXFILE_INVALID');
  }
  const reserved = '{"uri":"nats://a/b","bindings":{"__proto__":{"kv":"x"}}}';
  assert.match(failure(() => parseStartRequest(reserved)).message, /"__proto__" in bindings/);
});

test('No value throws anything but a HairspringError', () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (value) => {
      const outer =
        fc.sample(fc.constantFrom('triggers', 'bindings', 'limits', 'environment'), 1)[0] ?? 'triggers';
      for (const request of [value, { uri: 'nats://a/b', [outer]: value }]) {
        try {
          parseStartRequest(request);
        } catch (error) {
          assert.ok(HairspringError.is(error), `threw ${String(error)}`);
        }
      }
    }),
  );
});

test('The uri of an object is read as Nex reads it', () => {
  assert.deepEqual(parseObjectUri('nats://code/hello.js'), { bucket: 'code', object: 'hello.js_latest' });
  assert.deepEqual(parseObjectUri('nats://code/a/b:v1.2'), { bucket: 'code', object: 'a/b_v1.2' });
  assert.deepEqual(parseObjectUri(artifactUri(DIGEST)), {
    bucket: 'hairspring-artifacts',
    object: `sha256-${DIGEST}`,
  });
  for (const uri of [
    '',
    'nats://',
    'nats://b',
    'nats://b/',
    'http://b/c',
    'nats://b.c/d',
    'nats://*/d',
    'nats://b/c:',
    'nats://b/c d',
    'nats://b/c\n',
  ]) {
    assert.equal(failure(() => parseObjectUri(uri)).code, 'HS_NEXFILE_INVALID', uri);
  }
});

test('The uri of an artifact gives its digest, and no other uri does', () => {
  assert.equal(parseArtifactUri(artifactUri(DIGEST)), DIGEST);
  for (const uri of [
    `nats://code/sha256-${DIGEST}`,
    'nats://hairspring-artifacts/x',
    `${artifactUri(DIGEST)}0`,
  ]) {
    assert.equal(parseArtifactUri(uri), undefined, uri);
  }
});
