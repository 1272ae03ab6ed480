/** Buckets as a deployment makes and checks them. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { millis } from '@nats-io/transport-node';
import { HairspringError, type KvBinding, type KvBucketOptions } from '../../src/core/index.ts';
import { parseNexfile, parseStartRequest, startRequestToWire } from '../../src/host/manifest/index.ts';
import { provisionKvBucket } from '../../src/hostservices/kv/provider-provision.ts';
import { createBucket, kvBinding, openBinding } from '../support/kv.ts';
import { connectTo, skipWithout, startTestNats } from '../support/nats.ts';

const server = await startTestNats();
const nc = await connectTo(server);
after(async () => {
  await nc.close();
  await server[Symbol.asyncDispose]();
});

async function configOf(bucket: string): Promise<StreamConfig> {
  const manager = await jetstreamManager(nc);
  return (await manager.streams.info(`KV_${bucket}`)).config;
}

function provision(bucket: string, options?: KvBucketOptions, existing = false): Promise<void> {
  return provisionKvBucket(nc, 'STORE', kvBinding(bucket, { existing, options }));
}

async function refusal(bucket: string, options?: KvBucketOptions): Promise<HairspringError> {
  try {
    await provision(bucket, options);
  } catch (error) {
    assert.ok(HairspringError.is(error));
    return error;
  }
  return assert.fail('It was not refused');
}

/** All of them, but what an old server lacks. */
const OPTIONS: Required<KvBucketOptions> = {
  history: 5,
  ttlMs: 3_600_000,
  maxBytes: 1024 ** 2,
  maxValueBytes: 1024,
  storage: 'memory',
  replicas: 1,
  perKeyTtl: (await skipWithout('keyTtl')) === false,
};

test('A bucket is made with what is declared, and with the usual where nothing is', async () => {
  await provision('declared', OPTIONS);
  const config = await configOf('declared');
  assert.deepEqual(
    {
      history: config.max_msgs_per_subject,
      ttlMs: millis(config.max_age),
      maxBytes: config.max_bytes,
      maxValueBytes: config.max_msg_size,
      storage: config.storage,
      replicas: config.num_replicas,
      perKeyTtl: config.allow_msg_ttl ?? false,
    },
    OPTIONS,
  );
  await provision('usual');
  const usual = await configOf('usual');
  // As the client library makes it.
  await createBucket(nc, 'library');
  const { name: _name, subjects: _subjects, metadata: _metadata, ...rest } = usual;
  const { name: _other, subjects: _others, metadata: _more, ...library } = await configOf('library');
  assert.deepEqual(rest, library);
});

test('The same declaration again changes nothing, and one that leaves settings out takes the bucket as it is', async () => {
  await provision('again', OPTIONS);
  await openBinding(nc, kvBinding('again')).call('put', ['k'], 'kept');
  const made = await configOf('again');
  await provision('again', OPTIONS);
  await provision('again', { history: 5 });
  await provision('again');
  await provision('again', undefined, true);
  assert.deepEqual(await configOf('again'), made);
  assert.notEqual(await openBinding(nc, kvBinding('again')).call('get', ['k']), null);
});

test('A bucket with another setting than is declared is refused, naming both values, and left as it is', async () => {
  await createBucket(nc, 'other', { history: 2, max_bytes: 4096 });
  const made = await configOf('other');
  const cases: readonly (readonly [KvBucketOptions, RegExp])[] = [
    [{ history: 5 }, /its history is 2 and the binding says 5$/],
    [{ ttlMs: 60_000 }, /its ttl is unlimited and the binding says 1m$/],
    [{ maxBytes: 8192 }, /its maxBytes is 4096B and the binding says 8192B$/],
    [{ maxValueBytes: 100 }, /its maxValueBytes is unlimited and the binding says 100B$/],
    [{ storage: 'memory' }, /its storage is file and the binding says memory$/],
    [{ replicas: 3 }, /its replicas is 1 and the binding says 3$/],
    [{ perKeyTtl: true }, /its perKeyTtl is false and the binding says true$/],
    [{ history: 1, storage: 'memory' }, /its history is 2 .*; its storage is file .*memory$/],
  ];
  for (const [options, message] of cases) {
    const error = await refusal('other', options);
    assert.equal(error.code, 'HS_KV_BUCKET_DIFFERS');
    assert.match(error.message, message);
    assert.match(error.message, /^Cannot bind STORE: bucket "other" exists/);
  }
  assert.deepEqual(await configOf('other'), made);
});

test('Of two who make a bucket at once with other settings one is refused', async () => {
  const settled = await Promise.allSettled([
    provision('raced', { history: 2 }),
    provision('raced', { history: 3 }),
  ]);
  const codes = settled.map((one) =>
    one.status === 'rejected' ? HairspringError.from(one.reason).code : 'made',
  );
  assert.deepEqual(codes.toSorted(), ['HS_KV_BUCKET_DIFFERS', 'made']);
});

test('A bucket that the server cannot make is refused with its reason', async () => {
  assert.equal((await refusal('wide', { replicas: 3 })).code, 'HS_KV_UNSUPPORTED');
  assert.equal((await refusal('huge', { maxBytes: Number.MAX_SAFE_INTEGER })).code, 'HS_KV_BUCKET_FULL');
});

test('A bucket that must exist and does not is missing', async () => {
  await assert.rejects(provision('absent', undefined, true), { code: 'HS_KV_BUCKET_MISSING' });
});

const HEAD =
  'name: f\ntype: javascript\nlifecycle: function\nstart_request:\n  main: a.js\n  bindings:\n    C:\n      kv: c\n';

function bindingOf(lines: string): KvBinding {
  const binding = parseNexfile(`${HEAD}${lines}`, 'Nexfile').start.bindings['C'];
  assert.ok(binding?.service === 'kv');
  return binding;
}

test('Settings are read from a Nexfile, and survive the way to the node', () => {
  const text = `      history: 5
      ttl: 1h
      maxBytes: 1MiB
      maxValueBytes: 1KiB
      storage: memory
      replicas: 1
      perKeyTtl: true
`;
  assert.deepEqual(bindingOf(text).options, { ...OPTIONS, perKeyTtl: true });
  assert.equal(bindingOf('').options, undefined);
  assert.deepEqual(bindingOf('      maxBytes: 1500B\n      ttl: 1m30s\n').options, {
    maxBytes: 1500,
    ttlMs: 90_000,
  });
  const { start } = parseNexfile(`${HEAD}${text}`, 'Nexfile');
  const source = { kind: 'uri', uri: 'nats://a/b' } as const;
  assert.deepEqual(parseStartRequest(startRequestToWire(start, source)).bindings, start.bindings);
});

test('Settings out of range or of another form are refused with their line', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['history: 0', /1 to 64/],
    ['history: 65', /1 to 64/],
    ['history: many', /history/],
    ['ttl: 5', /ttl/],
    ['ttl: 1 day', /not a duration/],
    ['ttl: 1ms', /100ms to/],
    ['maxBytes: 10', /maxBytes/],
    ['maxBytes: 10 bytes', /not a size/],
    ['maxBytes: 0B', /1B to/],
    ['maxValueBytes: 3GiB', /1B to/],
    ['storage: disk', /storage/],
    ['replicas: 6', /1 to 5/],
    ['perKeyTtl: yes please', /perKeyTtl/],
    ['maxbytes: 1KiB', /maxbytes/],
  ];
  for (const [line, message] of wrong)
    assert.throws(
      () => bindingOf(`      ${line}\n`),
      (error: unknown) => {
        assert.ok(HairspringError.is(error), String(error));
        assert.equal(error.code, 'HS_NEXFILE_INVALID', line);
        assert.match(error.message, message);
        assert.equal(error.position?.line, 9, line);
        return true;
      },
    );
});

test('Settings for a bucket that is there already contradict, by the line of the setting', () => {
  for (const line of [
    'history: 1',
    'ttl: 1h',
    'maxBytes: 1B',
    'maxValueBytes: 1B',
    'storage: file',
    'replicas: 1',
    'perKeyTtl: false',
  ])
    assert.throws(
      () => bindingOf(`      existing: true\n      ${line}\n`),
      (error: unknown) => {
        assert.ok(HairspringError.is(error), String(error));
        assert.match(error.message, /existing: true/);
        assert.equal(error.position?.line, 10, line);
        return true;
      },
    );
  assert.equal(bindingOf('      existing: true\n').existing, true);
});
