import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { prepareBuiltIns } from '../../src/hostservices/index.ts';
import { openDoor } from '../../src/runtime/isolate/door.ts';
import { createTestFunction, handlerOf, type TestFunctionOptions } from '../support/functions.ts';
import { createSpec } from '../support/spec.ts';

const { subtle } = webcrypto;

const OPTIONS: TestFunctionOptions = { prepared: prepareBuiltIns(createSpec()) };

async function evaluate(body: string, data: string | Uint8Array = ''): Promise<unknown> {
  using probe = createTestFunction(
    handlerOf(`return JSON.stringify(await (async () => { ${body} })())`),
    OPTIONS,
  );
  return JSON.parse((await probe.text({ data })) || 'null');
}

const HEX = `const hex = (bytes) => Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, '0')).join('');`;

test('A digest made at once, one of much data and one with parameters are those of the host', async () => {
  const big = Buffer.alloc(100_000, 7);
  const seen = await evaluate(
    `${HEX}
    return [
      hex(await crypto.subtle.digest('sha-256', new TextEncoder().encode('abc'))),
      hex(await crypto.subtle.digest({ name: 'SHA-512' }, msg.data)),
      hex(await crypto.subtle.digest({ name: 'cSHAKE128', outputLength: 64 }, msg.data)),
    ];`,
    big,
  );
  const hex = (bytes: ArrayBuffer): string => Buffer.from(bytes).toString('hex');
  assert.deepEqual(seen, [
    hex(await subtle.digest('SHA-256', Buffer.from('abc'))),
    hex(await subtle.digest('SHA-512', big)),
    hex(await subtle.digest({ name: 'cSHAKE128', outputLength: 64 }, big)),
  ]);
});

test('What a function signs, encrypts and derives is what every other Web Crypto makes of it', async () => {
  const [spki, signature, jwk, iv, sealed, derived] = (await evaluate(`
    const list = (bytes) => [...new Uint8Array(bytes)];
    const data = new TextEncoder().encode('text');
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, data);
    const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt', 'decrypt']);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, data);
    const password = await crypto.subtle.importKey('raw', data, 'PBKDF2', false, ['deriveBits']);
    const derived = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: data, iterations: 10 }, password, 128);
    return [list(await crypto.subtle.exportKey('spki', pair.publicKey)), list(signature),
      await crypto.subtle.exportKey('jwk', key), [...iv], list(sealed), list(derived)];`)) as [
    number[],
    number[],
    webcrypto.JsonWebKey,
    number[],
    number[],
    number[],
  ];
  const data = Buffer.from('text');
  const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const publicKey = await subtle.importKey('spki', Buffer.from(spki), ecdsa, true, ['verify']);
  assert.equal(await subtle.verify(ecdsa, publicKey, Buffer.from(signature), data), true);
  const aes = await subtle.importKey('jwk', jwk, 'AES-GCM', true, ['decrypt']);
  const opened = await subtle.decrypt({ name: 'AES-GCM', iv: Buffer.from(iv) }, aes, Buffer.from(sealed));
  assert.equal(Buffer.from(opened).toString(), 'text');
  const password = await subtle.importKey('raw', data, 'PBKDF2', false, ['deriveBits']);
  const pbkdf2 = { name: 'PBKDF2', hash: 'SHA-256', salt: data, iterations: 10 };
  assert.deepEqual(Buffer.from(derived), Buffer.from(await subtle.deriveBits(pbkdf2, password, 128)));
});

test('An HMAC made at once and one of much data verify, and a changed one does not', async () => {
  const seen = await evaluate(`
    const verdicts = [];
    const key = await crypto.subtle.importKey('raw', new Uint8Array(32), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
    for (const data of [new Uint8Array(10), new Uint8Array(100_000)]) {
      const signature = await crypto.subtle.sign('HMAC', key, data);
      verdicts.push(await crypto.subtle.verify('HMAC', key, signature, data));
      new Uint8Array(signature)[31] ^= 1;
      verdicts.push(await crypto.subtle.verify('HMAC', key, signature, data));
      verdicts.push(await crypto.subtle.verify('HMAC', key, new Uint8Array(31), data));
    }
    return verdicts;`);
  assert.deepEqual(seen, [true, false, false, true, false, false]);
});

test('Failures are DOMExceptions of the standard, and say nothing of what computed', async () => {
  const seen = (await evaluate(`
    const failures = [];
    const attempt = async (work) => {
      try { await work(); failures.push('none'); }
      catch (error) { failures.push([error.name, error instanceof DOMException, error.message]); }
    };
    const key = await crypto.subtle.importKey('raw', new Uint8Array(16), 'AES-GCM', false, ['decrypt']);
    await attempt(() => crypto.subtle.digest('MD5', new Uint8Array(1)));
    await attempt(() => crypto.subtle.digest('SHA-256', 'text'));
    await attempt(() => crypto.subtle.exportKey('raw', key));
    await attempt(() => crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, new Uint8Array(1)));
    await attempt(() => crypto.subtle.decrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, new Uint8Array(32)));
    await attempt(() => crypto.subtle.importKey('raw', new Uint8Array(7), 'AES-GCM', false, ['decrypt']));
    await attempt(() => crypto.subtle.importKey('raw', new Uint8Array(16), 'AES-GCM', false, []));
    await attempt(() => crypto.subtle.importKey('pkcs8', new Uint8Array(50), 'Ed25519', false, ['sign']));
    await attempt(() => crypto.subtle.generateKey({ name: 'AES-GCM', length: 100 }, false, ['encrypt']));
    await attempt(async () => new CryptoKey());
    await attempt(async () => crypto.getRandomValues(new Uint8Array(70_000)));
    await attempt(async () => crypto.getRandomValues(new Float32Array(1)));
    return failures;`)) as [string, boolean, string][];
  assert.deepEqual(
    seen.map(([name, dom]) => `${name}${dom ? '' : ' of the language'}`),
    [
      'NotSupportedError',
      'TypeError of the language',
      'InvalidAccessError',
      'InvalidAccessError',
      'OperationError',
      'DataError',
      'SyntaxError',
      'DataError',
      'OperationError',
      'TypeError of the language',
      'QuotaExceededError',
      'TypeMismatchError',
    ],
  );
  for (const [, , message] of seen) assert.doesNotMatch(message, /error:|::|openssl|node|asn|\//i);
});

test('A key gives its material away only where it may, and its attributes cannot be changed', async () => {
  const seen = await evaluate(`
    const key = await crypto.subtle.importKey('raw', new Uint8Array(32), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    key.algorithm.name = 'AES-CBC';
    key.usages.push('encrypt');
    const copy = structuredClone({ key }).key;
    const sealed = await crypto.subtle.encrypt({ name: 'AES-CBC', iv: new Uint8Array(16) }, key, new Uint8Array(1)).catch((error) => error.name);
    return [JSON.stringify(key), Object.getOwnPropertyNames(key), copy.type, copy.algorithm, copy.usages, copy.extractable,
      sealed, await crypto.subtle.exportKey('jwk', copy).catch((error) => error.name)];`);
  assert.deepEqual(seen, [
    // JSON.stringify lists what the prototype has no part in.
    '{}',
    [],
    'secret',
    { name: 'HMAC', length: 256, hash: { name: 'SHA-256' } },
    ['sign'],
    false,
    'InvalidAccessError',
    'InvalidAccessError',
  ]);
});

test('Far more operations than calls may be pending are done when asked for at once', async () => {
  const count = await evaluate(`
    const key = await crypto.subtle.generateKey({ name: 'AES-CTR', length: 128 }, false, ['encrypt']);
    const one = () => crypto.subtle.encrypt({ name: 'AES-CTR', counter: new Uint8Array(16), length: 64 }, key, new Uint8Array(8));
    const all = await Promise.all(Array.from({ length: 600 }, one));
    return new Set(all.map((each) => new Uint8Array(each).join())).size;`);
  assert.equal(count, 1);
});

test('UUIDs are of version 4 and different', async () => {
  const seen = (await evaluate('return [crypto.randomUUID(), crypto.randomUUID()]')) as string[];
  for (const each of seen)
    assert.match(each, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  assert.notEqual(seen[0], seen[1]);
});

test('The door digests small data of known algorithms and nothing else', () => {
  const data = new ArrayBuffer(3);
  assert.ok(openDoor('digest', 'SHA-1', data, undefined) instanceof ArrayBuffer);
  assert.ok(openDoor('hmac', 'SHA-512', data, data) instanceof ArrayBuffer);
  for (const args of [
    ['digest', 'md5', data, undefined],
    ['digest', 'constructor', data, undefined],
    ['digest', 'SHA-1', 'text', undefined],
    ['digest', 'SHA-1', new ArrayBuffer(65_537), undefined],
    ['hmac', 'SHA-1', data, undefined],
    ['hmac', 'SHA-1', new ArrayBuffer(4_097), data],
  ])
    assert.equal(openDoor(args[0], args[1], args[2], args[3]), undefined, args.slice(0, 2).join());
});
