import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { type ErrorCode, HairspringError, type HostCallResult } from '../../src/core/index.ts';
import { CryptoLanes } from '../../src/hostservices/crypto/lanes.ts';
import { CRYPTO_LIMITS } from '../../src/hostservices/crypto/limits.ts';
import { prepareCrypto } from '../../src/hostservices/crypto/provider.ts';

const BYTES = { bytes: [0, 8] };
const PASSWORD = { key: ['secret', false, { name: 'PBKDF2' }, ['deriveBits', 'deriveKey']], ...BYTES };

/** A call as a guest might make it that keeps to no rule. */
function call(
  op: string,
  request: unknown,
  payload: string | Uint8Array = Buffer.alloc(8),
): Promise<HostCallResult> {
  const json = typeof request === 'string' ? request : JSON.stringify(request);
  return prepareCrypto(10_000).call({ op, args: [json], payload }, { id: 1, deadlineMs: 10_000 });
}

async function codeOf(result: Promise<unknown>): Promise<ErrorCode> {
  const error = await result.then(
    (value) => assert.fail(`It was done: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof HairspringError, String(error));
  return error.code;
}

function pbkdf2(parameters: object): unknown {
  return { name: 'PBKDF2', hash: { name: 'SHA-256' }, salt: BYTES, iterations: 1, ...parameters };
}

test('Requests that would hold a worker thread for long are refused with a code', async () => {
  const refused: readonly (readonly [string, unknown])[] = [
    ['deriveBits', [pbkdf2({ iterations: CRYPTO_LIMITS.pbkdf2Iterations + 1 }), PASSWORD, 256]],
    [
      'deriveBits',
      [pbkdf2({ name: 'pbKDF2', iterations: CRYPTO_LIMITS.pbkdf2Iterations + 1 }), PASSWORD, 256],
    ],
    ['deriveBits', [pbkdf2({ iterations: 1_000_000 }), PASSWORD, 8_192]],
    ['deriveBits', [pbkdf2({}), PASSWORD, CRYPTO_LIMITS.outputBits + 8]],
    [
      'deriveKey',
      [pbkdf2({ iterations: 1_000_000 }), PASSWORD, { name: 'KMAC256', length: 65_536 }, false, ['sign']],
    ],
    [
      'deriveBits',
      [
        { name: 'argon2ID', nonce: BYTES, memory: 2 ** 30, passes: 1, parallelism: 1 },
        { key: ['secret', false, { name: 'Argon2id' }, ['deriveBits']], ...BYTES },
        256,
      ],
    ],
    [
      'generateKey',
      [
        { name: 'RSA-PSS', hash: { name: 'SHA-256' }, modulusLength: 8_192, publicExponent: BYTES },
        false,
        ['sign'],
      ],
    ],
    ['digest', [{ name: 'KT128', outputLength: 2 ** 32 - 8 }, BYTES]],
    ['generateKey', [{ name: 'HMAC', hash: { name: 'SHA-256' }, length: 2 ** 31 }, false, ['sign']]],
  ];
  for (const [op, request] of refused)
    assert.equal(await codeOf(call(op, request)), 'HS_CRYPTO_LIMIT', JSON.stringify(request));
});

test('Bytes beyond what one request or one key may have are refused with a code', async () => {
  const much = Buffer.alloc(CRYPTO_LIMITS.requestBytes + 1);
  assert.equal(await codeOf(call('digest', [{ name: 'SHA-256' }, BYTES], much)), 'HS_CRYPTO_LIMIT');
  const key = Buffer.alloc(CRYPTO_LIMITS.keyBytes + 1);
  const whole = { bytes: [0, key.length] };
  assert.equal(
    await codeOf(call('importKey', ['raw', whole, { name: 'PBKDF2' }, false, ['deriveBits']], key)),
    'HS_CRYPTO_LIMIT',
  );
  assert.equal(await codeOf(call('digest', ' '.repeat(CRYPTO_LIMITS.requestChars + 1))), 'HS_CRYPTO_LIMIT');
});

test('What waits for its turn is not computed any more when its invocation was ended by force, and that of others is', async () => {
  const binding = prepareCrypto(10_000);
  const derive = (id: number): Promise<HostCallResult> => {
    const args = [JSON.stringify([pbkdf2({ iterations: 100_000 }), PASSWORD, 256])];
    return binding.call({ op: 'deriveBits', args, payload: Buffer.alloc(8) }, { id, deadlineMs: 10_000 });
  };
  const begun = Array.from({ length: CRYPTO_LIMITS.runningPerFunction }, () => derive(1));
  const left = Array.from({ length: 8 }, () => derive(1));
  const other = derive(2);
  binding.abandoned?.(1);
  for (const one of left) assert.equal(await codeOf(one), 'HS_BINDING_DENIED');
  assert.ok((await other).data !== undefined);
  await Promise.all(begun);
});

test('An exponent with which no one makes RSA keys is refused as the standard has it', async () => {
  for (const exponent of [[1], [0, 1], [2], [255, 255, 255, 255, 255, 255, 255, 255], []]) {
    const bytes = { bytes: [0, exponent.length] };
    const algorithm = {
      name: 'RSA-PSS',
      hash: { name: 'SHA-256' },
      modulusLength: 1_024,
      publicExponent: bytes,
    };
    const { value } = await call('generateKey', [algorithm, false, ['sign']], Buffer.from(exponent));
    assert.equal((value as { error: string[] }).error[0], 'OperationError', String(exponent));
  }
});

test('What is not of the form of a request is refused, whatever it is', async () => {
  const sha = { name: 'SHA-256' };
  for (const request of [
    'nothing',
    '{}',
    '[]',
    '[null]',
    [sha],
    [sha, { bytes: [0, 9] }],
    [sha, { bytes: [-1, 2] }],
    [sha, { bytes: [0.5, 2] }],
    [sha, { bytes: ['0', '2'] }],
    [sha, { bytes: 8 }],
    [{ name: 7 }, BYTES],
    [{ name: 'x'.repeat(65) }, BYTES],
    [{ name: 'SHA-256', hash: [] }, BYTES],
    [{ name: 'SHA-256', iv: { valueOf: 1 } }, BYTES],
    [{ name: 'SHA-256', length: -1 }, BYTES],
  ])
    assert.equal(await codeOf(call('digest', request)), 'HS_HOST_CALL_INVALID', JSON.stringify(request));
  for (const key of [
    null,
    { key: 'PBKDF2', ...BYTES },
    { key: ['none', false, { name: 'HMAC' }, ['sign']], ...BYTES },
    { key: ['secret', 1, { name: 'HMAC' }, ['sign']], ...BYTES },
    { key: ['secret', true, 'HMAC', ['sign']], ...BYTES },
    { key: ['secret', true, { name: 'HMAC' }, 'sign'], ...BYTES },
    { key: ['secret', true, { name: 'HMAC' }, ['sign']] },
  ])
    assert.equal(await codeOf(call('sign', [{ name: 'HMAC' }, key, BYTES])), 'HS_HOST_CALL_INVALID');
  for (const op of ['', 'constructor', '__proto__', 'then', 'digest\n'])
    assert.equal(await codeOf(call(op, [sha, BYTES])), 'HS_HOST_CALL_INVALID');
});

test('Material that is no key of its algorithm fails as data, without a word of what read it', async () => {
  for (const type of ['public', 'private']) {
    const key = { key: [type, true, { name: 'RSA-PSS', hash: { name: 'SHA-256' } }, ['sign']], ...BYTES };
    const { value } = await call('sign', [{ name: 'RSA-PSS', saltLength: 8 }, key, BYTES]);
    assert.deepEqual(value, { error: ['DataError', 'The key is none of its algorithm'] });
  }
});

/** One value of DER. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, 0x82, body.length >> 8, body.length & 0xff]), body]);
}

function integer(bytes: number): Buffer {
  return der(2, Buffer.alloc(bytes, 0x71));
}

/** A private key in PKCS #8 whose kind is `id`, in hex. */
function privateKey(id: string, parameters: Uint8Array, key: Uint8Array): Buffer<ArrayBuffer> {
  const algorithm = der(0x30, der(6, Buffer.from(id, 'hex')), parameters);
  return der(0x30, Buffer.from([2, 1, 0]), algorithm, der(4, key));
}

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' };

test('Keys whose mere reading takes long are not read', async () => {
  const bytes = 4_096;
  const numbers = der(0x30, integer(bytes), integer(bytes - 1), integer(bytes - 1));
  const curve = der(0x30, Buffer.from([2, 1, 1]), numbers);
  const keys = [
    // DSA, DH, an elliptic curve of one's own.
    ['2a8648ce380401', privateKey('2a8648ce380401', numbers, integer(bytes - 1))],
    ['2a864886f70d010301', privateKey('2a864886f70d010301', numbers, integer(bytes - 1))],
    ['2a8648ce3d0201', privateKey('2a8648ce3d0201', curve, integer(32))],
  ] as const;
  for (const [id, pkcs8] of keys) {
    const place = { bytes: [0, pkcs8.length] };
    const startedUs = process.cpuUsage().user;
    const key = { key: ['private', true, ECDSA, ['sign']], ...place };
    const used = await call('sign', [{ ...ECDSA, hash: { name: 'SHA-256' } }, key, BYTES], pkcs8);
    assert.equal((used.value as { error: string[] }).error[0], 'DataError', id);
    const imported = await call('importKey', ['pkcs8', place, ECDSA, true, ['sign']], pkcs8);
    assert.equal((imported.value as { error: string[] }).error[0], 'DataError', id);
    const cpuMs = (process.cpuUsage().user - startedUs) / 1_000;
    assert.ok(cpuMs < 1_500, `${id} took ${cpuMs} ms of processor time`);
  }
});

test('An RSA key whose primes are out of proportion to its modulus is not used', async () => {
  const version = Buffer.from([2, 1, 0]);
  const long = Array.from({ length: 5 }, () => integer(4_095));
  const rsa = der(0x30, version, integer(128), integer(3), integer(128), ...long);
  const pkcs8 = privateKey('2a864886f70d010101', Buffer.from([5, 0]), rsa);
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: { name: 'SHA-256' } };
  const key = { key: ['private', true, algorithm, ['sign']], bytes: [0, pkcs8.length] };
  const startedUs = process.cpuUsage().user;
  const { value } = await call('sign', [{ name: algorithm.name }, key, BYTES], pkcs8);
  assert.equal((value as { error: string[] }).error[0], 'DataError');
  assert.ok(process.cpuUsage().user - startedUs < 1_500_000);
});

test('What comes out of a wrapped key is looked at before it is read', async () => {
  const { subtle } = webcrypto;
  const numbers = der(0x30, integer(4_096), integer(4_095), integer(4_095));
  const hostile = privateKey('2a8648ce380401', numbers, integer(4_095));
  const raw = Buffer.alloc(16, 1);
  const iv = Buffer.alloc(12);
  const aes = await subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt']);
  const wrapped = Buffer.from(await subtle.encrypt({ name: 'AES-GCM', iv }, aes, hostile));
  const key = { key: ['secret', false, { name: 'AES-GCM', length: 128 }, ['unwrapKey']], bytes: [0, 16] };
  const request = [
    'pkcs8',
    { bytes: [28, wrapped.length] },
    key,
    { name: 'AES-GCM', iv: { bytes: [16, 12] } },
    ECDSA,
    true,
    ['sign'],
  ];
  const startedUs = process.cpuUsage().user;
  const { value } = await call('unwrapKey', request, Buffer.concat([raw, iv, wrapped]));
  assert.deepEqual(value, { error: ['DataError', 'The key data are of no known kind'] });
  assert.ok(process.cpuUsage().user - startedUs < 1_500_000);
});

/** Operations that end when told to. */
function createWork(): { start(): Promise<void>; readonly begun: number; end(): void } {
  const ends: (() => void)[] = [];
  let begun = 0;
  return {
    get begun() {
      return begun;
    },
    start() {
      begun += 1;
      return new Promise((resolve) => ends.push(resolve));
    },
    end() {
      for (const end of ends.splice(0)) end();
    },
  };
}

/** Ends what is under way and lets what waits begin. */
async function endTurn(...works: readonly { end(): void }[]): Promise<void> {
  for (const work of works) work.end();
  await new Promise((resolve) => setImmediate(resolve));
}

test('A function has so many operations under way at once, and all functions together so many', async () => {
  const lanes = new CryptoLanes();
  const first = createWork();
  const second = createWork();
  const busy = lanes.createLane(60_000);
  const other = lanes.createLane(60_000);
  const all = Array.from({ length: 5 }, () => busy.run(1, () => first.start()));
  all.push(...Array.from({ length: 2 }, () => other.run(1, () => second.start())));
  assert.equal(first.begun, CRYPTO_LIMITS.runningPerFunction);
  assert.equal(second.begun, CRYPTO_LIMITS.runningPerCell - CRYPTO_LIMITS.runningPerFunction);
  for (let turn = 0; turn < 50 && first.begun + second.begun < 7; turn += 1) {
    await endTurn(first, second);
    assert.ok(Math.max(busy.running, other.running) <= CRYPTO_LIMITS.runningPerFunction);
  }
  first.end();
  second.end();
  await Promise.all(all);
  assert.deepEqual([first.begun, second.begun, busy.running, other.running], [5, 2, 0, 0]);
});

test('An operation whose turn comes too late, or that finds too many before it, is refused with a code', async () => {
  const lanes = new CryptoLanes();
  const work = createWork();
  const lane = lanes.createLane(0);
  const late = Array.from({ length: 3 }, () => lane.run(1, () => work.start()));
  for (const code of await Promise.all(late.map(codeOf))) assert.equal(code, 'HS_CRYPTO_LIMIT');
  assert.equal(work.begun, 0);

  const patient = lanes.createLane(60_000);
  const { runningPerFunction, waitingBytesPerFunction } = CRYPTO_LIMITS;
  const taken = Array.from({ length: runningPerFunction + 1 }, () =>
    patient.run(waitingBytesPerFunction, () => work.start()),
  );
  assert.equal(await codeOf(patient.run(1, () => work.start())), 'HS_CRYPTO_LIMIT');
  for (let turn = 0; turn < 50 && work.begun < taken.length; turn += 1) await endTurn(work);
  work.end();
  await Promise.all(taken);
});

test('A failed operation gives its place to the next', async () => {
  const lane = new CryptoLanes().createLane(60_000);
  for (let index = 0; index < CRYPTO_LIMITS.runningPerCell + 1; index += 1)
    await assert.rejects(
      lane.run(1, () => Promise.reject(new Error('no'))),
      /no/,
    );
  assert.equal(await lane.run(1, async () => 'done'), 'done');
});
