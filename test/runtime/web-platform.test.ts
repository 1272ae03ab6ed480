import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDoor } from '../../src/runtime/isolate/door.ts';
import { createTestFunction, handlerOf } from '../support/functions.ts';

async function evaluate(body: string): Promise<unknown> {
  using probe = createTestFunction(handlerOf(`return JSON.stringify(await (async () => { ${body} })())`));
  return JSON.parse((await probe.text()) || 'null');
}

test('A URL has its parts, its setters and parameters that change with it', async () => {
  const seen = await evaluate(`
    const url = new URL('../b?c=1#d', 'https://me:secret@example.com:8080/a/x/');
    const parts = [url.origin, url.username, url.password, url.host, url.port, url.pathname, url.search, url.hash];
    url.searchParams.append('e', 'ö &');
    url.port = '443';
    url.hostname = 'münchen.de';
    url.search = url.search + '&last';
    return [...parts, url.href, [...url.searchParams], URL.canParse('no'), URL.parse('no'), new URL('web+demo:/.//x').pathname];
  `);
  assert.deepEqual(seen, [
    'https://example.com:8080',
    'me',
    'secret',
    'example.com:8080',
    '8080',
    '/a/b',
    '?c=1',
    '#d',
    'https://me:secret@xn--mnchen-3ya.de/a/b?c=1&e=%C3%B6+%26&last#d',
    [
      ['c', '1'],
      ['e', 'ö &'],
      ['last', ''],
    ],
    false,
    null,
    '//x',
  ]);
});

test('The door parses no text without end, and sets no part that is not one', () => {
  const long = `https://example.com/${'a'.repeat(2 * 1024 ** 2)}`;
  assert.equal(openDoor('url-parse', long, undefined, undefined), undefined);
  assert.equal(openDoor('url-parse', 'x', long, undefined), undefined);
  assert.equal(openDoor('url-parse', { toString: () => 'https://a.b' }, undefined, undefined), undefined);
  assert.equal(openDoor('url-set', 'https://a.b', '__proto__', 'x'), undefined);
  assert.equal(openDoor('url-set', 'https://a.b', 'href', 'https://c.d'), undefined);
  assert.equal(openDoor('feature', '../dispatcher', undefined, undefined), undefined);
  assert.equal(openDoor('url-set', 'https://a.b', 'hash', 'x'), 'https://a.b/#x');
});

test('Text is decoded from every encoding, whole and in pieces', async () => {
  const seen = await evaluate(`
    const stream = (label, ...chunks) => {
      const decoder = new TextDecoder(label);
      return chunks.map((chunk) => decoder.decode(new Uint8Array(chunk), { stream: true })).join('|') + '|' + decoder.decode();
    };
    return [
      stream('utf-8', [0xef, 0xbb], [0xbf, 0x61, 0xf0, 0x9d], [0x84, 0x9e, 0xe2]),
      stream('utf-16be', [0xd8], [0x34, 0xdd], [0x1e, 0xd8]),
      stream(' Shift_JIS ', [0x93], [0xfa, 0x96], [0x7b]),
      new TextDecoder('latin1').encoding,
      JSON.stringify(new TextEncoder().encodeInto('aö𝄞', new Uint8Array(5))),
    ];
  `);
  assert.deepEqual(seen, ['|a|𝄞|\ufffd', '||𝄞|\ufffd', '|日|本|', 'windows-1252', '{"read":2,"written":3}']);
});

test('structuredClone copies what has a form and refuses the rest', async () => {
  const seen = await evaluate(`
    const given = { date: new Date(5), map: new Map([['k', new Set([1n])]]), list: [, 1], error: new RangeError('no', { cause: { a: 1 } }) };
    given.self = given;
    const copy = structuredClone(given);
    const names = [Symbol('s'), () => 1, new URL('https://a.b'), new WeakMap(), Promise.resolve()].map((value) => {
      try { return typeof structuredClone(value); } catch (error) { return error.name; }
    });
    return [copy !== given && copy.self === copy, copy.date.getTime(), copy.map.get('k').has(1n), 0 in copy.list, copy.list.length,
      copy.error instanceof RangeError, copy.error.cause, names];
  `);
  const refused = Array.from({ length: 5 }, () => 'DataCloneError');
  assert.deepEqual(seen, [true, 5, true, false, 2, true, { a: 1 }, refused]);
});

test('A transferred buffer is moved with its views, and left where it was when the clone fails', async () => {
  const seen = await evaluate(`
    const view = new Uint8Array([1, 2, 3]).subarray(1);
    try { structuredClone([view, () => 1], { transfer: [view.buffer] }); } catch {}
    const before = view.length;
    const [copy, again] = structuredClone([view, view], { transfer: [view.buffer] });
    return [before, view.length, [...copy], copy === again, copy.byteOffset];
  `);
  assert.deepEqual(seen, [2, 0, [2, 3], true, 1]);
});

test('Messages of a channel arrive in order, one task each', async () => {
  const seen = await evaluate(`
    const { port1, port2 } = new MessageChannel();
    const seen = [];
    const done = new Promise((resolve) => {
      port2.onmessage = ({ data }) => { seen.push(data); if (data === 'last') resolve(); };
    });
    port1.postMessage({ a: [1] });
    port1.postMessage('last');
    seen.push('sent');
    await done;
    return seen;
  `);
  assert.deepEqual(seen, ['sent', { a: [1] }, 'last']);
});

test('Base64 is read forgivingly, and text beyond Latin-1 has none', async () => {
  const seen = await evaluate(`
    const nameOf = (run) => { try { return run(); } catch (error) { return error.name; } };
    return [btoa('ÿa'), atob(' /2E '), nameOf(() => btoa('€')), nameOf(() => atob('a')), nameOf(() => atob('ab=c'))];
  `);
  assert.deepEqual(seen, ['/2E=', 'ÿa', ...Array.from({ length: 3 }, () => 'InvalidCharacterError')]);
});

test('URLPattern matches and names what it caught', async () => {
  const seen = await evaluate(`
    const pattern = new URLPattern({ pathname: '/users/:id{/*}?' });
    return [pattern.test('https://a.b/other'), pattern.exec('https://a.b/users/7/x').pathname.groups];
  `);
  assert.deepEqual(seen, [false, { 0: 'x', id: '7' }]);
});

test('The clock goes on from its origin', async () => {
  const [now, origin, agent] = (await evaluate(
    'return [performance.now(), performance.timeOrigin, navigator.userAgent]',
  )) as [number, number, string];
  assert.ok(now > 0 && Math.abs(origin + now - Date.now()) < 60_000, `${origin} + ${now}`);
  assert.match(agent, /^Hairspring/);
});
