import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { createTestFunction, handlerOf } from '../support/functions.ts';

const probe = createTestFunction(
  handlerOf('return JSON.stringify(await (0, eval)("(async () => {" + msg.text() + "})()"))'),
);
after(() => probe[Symbol.dispose]());

/** What a body of a function returns, as JSON. */
async function run(body: string): Promise<unknown> {
  return JSON.parse((await probe.text({ data: body })) || 'null');
}

test('A blob is put together from text, bytes and blobs, and sliced without what is outside', async () => {
  const seen = await run(`
    const blob = new Blob(['aü', new Uint8Array([98, 99]), new Blob(['d'])], { type: 'Text/Plain' });
    const part = blob.slice(-3, -1, 'x/y');
    const file = new File([part], 'n', { lastModified: 7 });
    return [blob.size, blob.type, await blob.text(), await part.text(), part.type, (await part.bytes()).length,
      file.name, file.lastModified, file instanceof Blob, await new Response(blob.stream()).text()];`);
  assert.deepEqual(seen, [6, 'text/plain', 'aübcd', 'bc', 'x/y', 2, 'n', 7, true, 'aübcd']);
});

test('What a blob was made of may change afterwards without changing the blob', async () => {
  const seen = await run(`
    const bytes = new Uint8Array([97]);
    const blob = new Blob([bytes]);
    bytes[0] = 98;
    const own = await blob.bytes();
    own[0] = 99;
    return [await blob.text(), await new Response(blob).text()];`);
  assert.deepEqual(seen, ['a', 'a']);
});

test('A reader gives a blob as text, bytes, a data URL and a binary string, and tells of its steps', async () => {
  const seen = await run(`
    const read = (method, blob, ...rest) => new Promise((resolve, reject) => {
      const reader = new FileReader();
      const steps = [];
      for (const type of ['loadstart', 'progress', 'load', 'abort', 'error', 'loadend'])
        reader.addEventListener(type, ({ loaded, total }) => steps.push(type + loaded + '/' + total));
      reader.onloadend = () => resolve([reader.result, reader.readyState, steps.join(' ')]);
      reader[method](blob, ...rest);
    });
    const blob = new Blob(['ü'], { type: 'text/plain;charset=utf-8' });
    const [buffer, ...state] = await read('readAsArrayBuffer', blob);
    return [await read('readAsText', blob), [...new Uint8Array(buffer)], state,
      (await read('readAsDataURL', blob))[0], (await read('readAsDataURL', new Blob([])))[0],
      (await read('readAsBinaryString', blob))[0], (await read('readAsText', blob, 'latin1'))[0],
      (await read('readAsText', new Blob([new Uint8Array([255, 254, 97, 0])]), 'latin1'))[0],
      (await read('readAsText', new Blob([new Uint8Array([228])], { type: 'text/plain; charset=iso-8859-1' })))[0]];`);
  assert.deepEqual(seen, [
    ['ü', 2, 'loadstart0/2 progress2/2 load2/2 loadend2/2'],
    [195, 188],
    [2, 'loadstart0/2 progress2/2 load2/2 loadend2/2'],
    'data:text/plain;charset=utf-8;base64,w7w=',
    'data:application/octet-stream;base64,',
    'Ã¼',
    'Ã¼',
    'a',
    'ä',
  ]);
});

test('A reader that is told to stop stops, and reads one thing at a time', async () => {
  const seen = await run(`
    const reader = new FileReader();
    const steps = [];
    for (const type of ['loadstart', 'load', 'abort', 'loadend']) reader.addEventListener(type, () => steps.push(type));
    reader.readAsText(new Blob(['first']));
    let busy;
    try { reader.readAsText(new Blob(['second'])); } catch (error) { busy = error.name; }
    reader.abort();
    const stopped = [reader.result, reader.error.name, reader.readyState];
    reader.readAsText(new Blob(['third']));
    reader.addEventListener('loadstart', () => { reader.abort(); reader.readAsText(new Blob(['last'])); }, { once: true });
    await new Promise((resolve) => { reader.onload = resolve; });
    return [busy, stopped, reader.result, reader.error, steps.join(' ')];`);
  assert.deepEqual(seen, [
    'InvalidStateError',
    [null, 'AbortError', 2],
    'last',
    null,
    'abort loadend loadstart abort loadend loadstart load',
  ]);
});

test('A form survives being encoded as multipart and read back, whatever its names and values hold', async () => {
  const seen = await run(`
    const form = new FormData();
    form.append('plain', 'v');
    form.append('quo"te\\r\\n', 'line\\nbreak --x\\r\\n--');
    form.append('file', new Blob([new Uint8Array([0, 255, 13, 10, 45, 45])], { type: 'image/png' }), 'f"ü.png');
    form.set('plain', 'w');
    const response = new Response(form);
    const type = response.headers.get('content-type');
    const back = await response.formData();
    const file = back.get('file');
    return [type.startsWith('multipart/form-data; boundary='), back.get('plain'), [...back.keys()], back.get('quo"te\\r\\n'),
      file.name, file.type, [...await file.bytes()]];`);
  assert.deepEqual(seen, [
    true,
    'w',
    ['plain', 'quo"te\r\n', 'file'],
    'line\r\nbreak --x\r\n--',
    'f"ü.png',
    'image/png',
    [0, 255, 13, 10, 45, 45],
  ]);
});

test('A multipart body that is cut or malformed is refused and never half read', async () => {
  const whole = '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nv\r\n--B--\r\n';
  const read = (text: string): Promise<unknown> =>
    run(`const response = new Response(${JSON.stringify(text)}, { headers: { 'content-type': 'multipart/form-data; boundary=B' } });
      try { return [...await response.formData()] } catch (error) { return error.name }`);
  assert.deepEqual(await read(whole), [['a', 'v']]);
  for (let length = 0; length < whole.length - 4; length += 3)
    assert.equal(await read(whole.slice(0, length)), 'TypeError', `${length} characters`);
  for (const text of [
    whole.replace('form-data;', 'attachment;'),
    whole.replace('; name="a"', ''),
    `x${whole}`,
  ])
    assert.equal(await read(text), 'TypeError', text);
});

test('Headers combine, sort, keep cookies apart, and refuse what HTTP does not have', async () => {
  const seen = await run(`
    const headers = new Headers([['B', ' 2\\t'], ['a', '1'], ['b', '3'], ['Set-Cookie', 'x=1'], ['set-cookie', 'y=2']]);
    const bad = [['', 'x'], ['a b', 'x'], ['a', 'x\\ny'], ['a', 'Ā'], ['a:', 'x']].map(([n, v]) => {
      try { headers.set(n, v); return 'taken' } catch (error) { return error.name }
    });
    return [[...headers], headers.getSetCookie(), headers.get('B'), headers.get('none'), bad];`);
  assert.deepEqual(seen, [
    [
      ['a', '1'],
      ['b', '2, 3'],
      ['set-cookie', 'x=1'],
      ['set-cookie', 'y=2'],
    ],
    ['x=1', 'y=2'],
    '2, 3',
    null,
    Array(5).fill('TypeError'),
  ]);
});

test('A body is read once, and a clone is read by itself', async () => {
  const seen = await run(`
    const response = Response.json({ a: 1 }, { status: 201 });
    const clone = response.clone();
    const first = await response.json();
    const second = await response.text().catch((error) => error.name);
    const chunks = [];
    for await (const chunk of clone.body) chunks.push(chunk.length);
    return [response.status, response.ok, response.headers.get('content-type'), first, response.bodyUsed, second, chunks, clone.bodyUsed];`);
  assert.deepEqual(seen, [201, true, 'application/json', { a: 1 }, true, 'TypeError', [7], true]);
});

test('The bytes that a clone gives are its own', async () => {
  const seen = await run(`
    const response = new Response(new Uint8Array([1, 2]));
    const clone = response.clone();
    const bytes = await response.bytes();
    bytes[0] = 9;
    return [[...bytes], [...await clone.bytes()]];`);
  assert.deepEqual(seen, [
    [9, 2],
    [1, 2],
  ]);
});

test('A body may be a stream, and a stream that fails or carries something else fails the reader', async () => {
  const seen = await run(`
    const streamed = (start) => new Response(new ReadableStream({ start })).text().catch((error) => error.name + error.message);
    const encode = (text) => new TextEncoder().encode(text);
    return [
      await streamed((c) => { c.enqueue(encode('a')); c.enqueue(encode('b')); c.close(); }),
      await streamed((c) => { c.enqueue('text'); c.close(); }),
      await streamed((c) => c.error(new RangeError('broken'))),
    ];`);
  assert.deepEqual(seen, ['ab', 'TypeErrorA chunk of the body is not a Uint8Array', 'RangeErrorbroken']);
});

test('A response is refused a status, a body or a reason that HTTP does not have', async () => {
  const seen = await run(`
    return [[null, { status: 199 }], [null, { status: 600 }], ['x', { status: 204 }], [null, { statusText: 'a\\nb' }]].map((args) => {
      try { new Response(...args); return 'taken' } catch (error) { return error.name }
    }).concat([Response.error().type, Response.error().status]);`);
  assert.deepEqual(seen, ['RangeError', 'RangeError', 'TypeError', 'TypeError', 'error', 0]);
});

const COMPRESS = `
  const through = (stream, bytes) => new Response(new Response(bytes).body.pipeThrough(stream)).bytes();
  const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
  const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (b) => parseInt(b, 16));`;

test('What a function compresses is what zlib reads, and the other way round', async () => {
  const text = 'compress me '.repeat(500);
  for (const [format, read, write] of [
    ['gzip', gunzipSync, gzipSync],
    ['deflate', inflateSync, deflateSync],
    ['deflate-raw', inflateRawSync, deflateRawSync],
  ] as const) {
    const packed = await run(
      `${COMPRESS} return hex(await through(new CompressionStream('${format}'), ${JSON.stringify(text)}));`,
    );
    assert.equal(read(Buffer.from(String(packed), 'hex')).toString(), text, format);
    const hex = write(text).toString('hex');
    const plain = await run(
      `${COMPRESS} return new TextDecoder().decode(await through(new DecompressionStream('${format}'), unhex('${hex}')));`,
    );
    assert.equal(plain, text, format);
  }
});

test('Compressed data that is cut, altered or goes on after its end is refused', async () => {
  const packed = gzipSync('some text that is long enough to be packed, packed, packed');
  const attempt = (bytes: Uint8Array): Promise<unknown> =>
    run(
      `${COMPRESS} try { return (await through(new DecompressionStream('gzip'), unhex('${Buffer.from(bytes).toString('hex')}'))).length } catch (error) { return error.name }`,
    );
  assert.equal(await attempt(packed), 58);
  for (const at of [0, 1, 2, packed.length - 8, packed.length - 1]) {
    const altered = Buffer.from(packed);
    altered[at] = (altered[at] ?? 0) ^ 0xff;
    assert.equal(await attempt(altered), 'TypeError', `byte ${at}`);
  }
  for (const length of [0, 5, 10, 20, packed.length - 1])
    assert.equal(await attempt(packed.subarray(0, length)), 'TypeError', `${length} bytes`);
  assert.equal(await attempt(Buffer.concat([packed, Buffer.from([0])])), 'TypeError');
});

test('What is too large for the memory of the function when it is unpacked is not called corrupt', async () => {
  const bomb = gzipSync(Buffer.alloc(128 * 1024 ** 2)).toString('base64');
  using small = createTestFunction(
    handlerOf(`const bytes = Uint8Array.from(atob(msg.text()), (char) => char.charCodeAt(0));
      const chunks = [];
      try {
        for await (const chunk of new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')))
          chunks.push(chunk);
      } catch (error) { return error.name; }
      return 'unpacked';`),
    { limits: { memoryBytes: 32 * 1024 ** 2, cpuMs: 20_000, timeoutMs: 30_000 } },
  );
  assert.equal(await small.text({ data: bomb }), 'RangeError');
});

test('A deflate stream in pieces of any size gives the same, with names and comments in a gzip header', async () => {
  const plain = 'abcdefgh'.repeat(40);
  const packed = gzipSync(plain);
  const named = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 4 | 8 | 16, 0, 0, 0, 0, 0, 3, 2, 0, 9, 9]),
    Buffer.from('name\0comment\0'),
    packed.subarray(10),
  ]);
  for (const bytes of [packed, named]) {
    const seen = await run(`${COMPRESS}
      const bytes = unhex('${bytes.toString('hex')}');
      const results = [];
      for (const size of [1, 2, 3, 7, 1000]) {
        const stream = new DecompressionStream('gzip');
        const writer = stream.writable.getWriter();
        const read = new Response(stream.readable).text();
        for (let at = 0; at < bytes.length; at += size) writer.write(bytes.subarray(at, at + size));
        writer.close();
        results.push(await read);
      }
      return results;`);
    assert.deepEqual(seen, Array(5).fill(plain));
  }
});

test('Text goes through encoder streams with characters cut anywhere', async () => {
  const seen = await run(`
    const stream = new TextEncoderStream();
    const writer = stream.writable.getWriter();
    const read = new Response(stream.readable).text();
    for (const half of ['a\\ud83d', '\\ude00', 'ü', '\\ud83d']) writer.write(half);
    writer.close();
    return read;`);
  assert.equal(seen, 'a😀ü\ufffd');
});
