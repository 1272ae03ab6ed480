import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findFunction } from '../../../src/cli/bench/find-function.ts';
import { type RequestOptions, requestFor, whereOf } from '../../../src/cli/bench/request.ts';
import { HairspringError } from '../../../src/core/index.ts';

const HTTP = `
    - http: { route: /albums, methods: [GET] }
    - http: { route: /albums/:album, methods: [GET, PUT, DELETE] }
    - http: { route: /files/* }`;
let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-bench-http-'));
});

after(() => rm(folder, { recursive: true, force: true }));

/** What is sent to a function with these triggers. */
async function ask(triggers: string, options: RequestOptions) {
  await writeFile(
    join(folder, 'Nexfile'),
    `name: albums
type: javascript
lifecycle: function
start_request:
  main: index.js
  triggers:${triggers}
`,
  );
  const { to, payload } = await requestFor(await findFunction(folder), options);
  return [to.transport, whereOf(to), new TextDecoder().decode(payload)];
}

test('Method and path come from the first trigger that fits, with captures filled in', async () => {
  assert.deepEqual(await ask(HTTP, {}), ['http', 'GET /albums', '']);
  assert.deepEqual(await ask(HTTP, { payload: '{}' }), ['http', 'PUT /albums/album', '{}']);
  assert.deepEqual(await ask(HTTP, { method: 'delete' }), ['http', 'DELETE /albums/album', '']);
  assert.deepEqual(await ask(HTTP, { method: 'POST' }), ['http', 'POST /files/example', '']);
  assert.deepEqual(await ask(HTTP, { path: '/albums/blue?size=2' }), ['http', 'GET /albums/blue?size=2', '']);
  assert.deepEqual(await ask(HTTP, { path: '/files/a/b', payload: 'x' }), ['http', 'POST /files/a/b', 'x']);
});

test('A function with a subject too is asked by messages, unless a method or path is said', async () => {
  const both = `\n    - subject: albums.get${HTTP}`;
  assert.deepEqual(await ask(both, {}), ['nats', 'albums.get', '']);
  assert.deepEqual(await ask(both, { path: '/albums/x' }), ['http', 'GET /albums/x', '']);
});

for (const [what, triggers, options, message] of [
  ['that no trigger takes', HTTP, { path: '/other' }, /by a request \/other: no trigger of it takes that/],
  ['of a method that none answers', HTTP, { method: 'PUT', path: '/albums' }, /by PUT \/albums: no trigger/],
  ['with a payload by GET', HTTP, { method: 'GET', payload: 'x' }, /by GET with a payload: no trigger/],
  [
    'to a function without HTTP triggers',
    '\n    - subject: a',
    { path: '/a' },
    /by a request \/a: no trigger/,
  ],
  [
    'as message and by HTTP',
    HTTP,
    { subject: 'a', path: '/albums' },
    /by messages and by HTTP requests at once/,
  ],
  ['to a subject where there is none', HTTP, { subject: 'a' }, /on "a": no trigger of it catches that/],
  ['with a line break in its path', HTTP, { path: '/files/a\r\nb' }, /it is no path/],
  ['without a slash', HTTP, { path: 'albums' }, /it is no path/],
  ['with a line break in a header', HTTP, { header: { A: 'b\r\nc' } }, /Cannot send header "A"/],
] as const)
  test(`A request ${what} is refused before anything starts`, async () => {
    await assert.rejects(
      ask(triggers, options),
      (error) => HairspringError.is(error) && error.code === 'HS_USAGE' && message.test(error.message),
    );
  });
