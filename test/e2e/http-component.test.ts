import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { buildComponent, type ComponentText, ECHO } from '../support/component/index.ts';
import { startTestHost, type TestTrigger } from '../support/host.ts';
import { BEGIN, FAIL, FINISH, HTTP_ECHO, httpComponent, respond, write } from '../support/http-texts.ts';

const world = await startTestHost({
  http: { host: '127.0.0.1', port: 0, names: {}, ownNamespace: 'default' },
});
after(() => world[Symbol.asyncDispose]());
const origin = world.host.httpUrl ?? '';
const { host } = new URL(origin);

async function serve(
  name: string,
  text: ComponentText,
  triggers: readonly (string | TestTrigger)[] = [{ http: { route: `/${name}/*` } }],
): Promise<string> {
  await world.deploy({ name, code: buildComponent(text), triggers });
  return `${origin}/${name}/`;
}

const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { code: string }).code;

test('A component that exports wasi:http/incoming-handler answers requests: line, headers and body', async () => {
  const url = await serve('echo', HTTP_ECHO);
  const body = 'x'.repeat(100_000);
  const first = await fetch(`${url}a%20b?c=d`, { method: 'POST', body, headers: { 'X-Echo': 'caf\u00e9' } });
  assert.equal(first.status, 201);
  assert.equal(first.headers.get('x-echo'), 'caf\u00e9');
  assert.equal(await first.text(), `2${host}/echo/a%20b?c=d${body}`);
  for (const [method, tag] of Object.entries({ GET: 0, PUT: 3, DELETE: 4, OPTIONS: 6, PATCH: 8 })) {
    const response = await fetch(url, { method });
    assert.equal(response.headers.get('x-echo'), null);
    assert.equal(await response.text(), `${tag}${host}/echo/`);
  }
});

test('What a component does wrongly with its answer is a problem, and the next request has a new instance', async () => {
  const wrongs: Readonly<Record<string, readonly [body: string, code: string]>> = {
    silent: ['', 'HS_FUNCTION_NO_REPLY'],
    unfinished: [
      `${BEGIN} ${respond(200)} ${write('(i32.const 0)', '(i32.const 6)')}`,
      'HS_FUNCTION_NO_REPLY',
    ],
    dropped: [
      `${BEGIN} ${respond(200)} (call $drop-output (local.get $to)) (call $drop-outgoing (local.get $own))`,
      'HS_FUNCTION_NO_REPLY',
    ],
    failed: [FAIL, 'HS_FUNCTION_THREW'],
    trapped: ['(unreachable)', 'HS_FUNCTION_THREW'],
    twice: [`${FAIL} ${FAIL}`, 'HS_FUNCTION_THREW'],
    closed: [
      `${BEGIN} ${respond(200)} ${FINISH} ${write('(i32.const 0)', '(i32.const 6)')}`,
      'HS_FUNCTION_THREW',
    ],
    forged: ['(call $drop-fields (i32.const 77))', 'HS_FUNCTION_THREW'],
    mistyped: ['(call $drop-fields (local.get $request))', 'HS_FUNCTION_THREW'],
  };
  for (const [name, [body, code]] of Object.entries(wrongs)) {
    const url = await serve(name, httpComponent(body));
    for (let round = 0; round < 2; round += 1) {
      const response = await fetch(url);
      assert.equal(response.status, 500, name);
      assert.equal(await codeOf(response), code, name);
    }
  }
});

test('A response without a body, and one of a status that there is not', async () => {
  const bare = `(call $set (local.get $outparam) (i32.const 0) (call $response (call $fields))
    (i32.const 0) (i32.const 0) (i32.const 0))`;
  const response = await fetch(await serve('bare', httpComponent(bare)));
  assert.equal(response.status, 200);
  assert.equal(await response.text(), '');
  const refused = `(if (i32.eqz (call $status (call $response (call $fields)) (i32.const 101))) (then (unreachable))) ${bare}`;
  assert.equal((await fetch(await serve('status', httpComponent(refused)))).status, 200);
});

test('A component without a handler for its triggers is refused in plain words', async () => {
  const refused = async (
    text: ComponentText,
    triggers: readonly (string | TestTrigger)[],
    message: RegExp,
  ): Promise<void> => {
    await assert.rejects(serve('half', text, triggers), (error: Error & { code: string }) => {
      assert.equal(error.code, 'HS_HANDLER_MISSING');
      assert.match(error.message, message);
      return true;
    });
  };
  const http = { http: { route: '/half' } };
  await refused(
    { body: ECHO },
    [http],
    /http triggers need a component that exports wasi:http\/incoming-handler/,
  );
  const silent = (length: number): ComponentText => httpComponent('(nop)'.repeat(length));
  await refused(
    silent(1),
    ['half'],
    /subject triggers need a handler of messages.* only wasi:http\/incoming-handler/,
  );
  await refused(silent(2), [], /without triggers it needs a handler of messages/);
});

test('A component may answer messages and requests, each by its own export', async () => {
  const url = await serve('both', { ...HTTP_ECHO, message: ECHO }, ['both', { http: { route: '/both/*' } }]);
  assert.equal((await world.ask('both', 'a message')).text, 'a message');
  assert.equal(await (await fetch(url)).text(), `0${host}/both/`);
  assert.equal((await world.ask('both', 'another')).text, 'another');
});

test('Many requests at once are answered each by an instance of its own', async () => {
  const url = await serve('many', HTTP_ECHO);
  const answers = await Promise.all(
    Array.from({ length: 50 }, async (_, at) => {
      const response = await fetch(`${url}${at}`, { method: 'PUT', body: `body ${at}` });
      return response.text();
    }),
  );
  assert.deepEqual(
    answers,
    answers.map((_, at) => `3${host}/many/${at}body ${at}`),
  );
});

test('A component that tools made of C, with the types of WASI as they are, answers', async () => {
  const file = new URL('../../examples/wasm-page/build/page.wasm', import.meta.url);
  await world.deploy({
    name: 'page',
    code: await readFile(file),
    triggers: [{ http: { route: '/page/*' } }],
  });
  const got = await fetch(`${origin}/page/a?b=<c>&d`);
  assert.equal(got.headers.get('content-type'), 'text/html;charset=utf-8');
  assert.equal(await got.text(), '<p>This is /page/a?b=%3Cc%3E&amp;d.</p>\n');
  const sent = await fetch(`${origin}/page/note`, { method: 'POST', body: 'a <b>' });
  assert.equal(await sent.text(), '<p>This is /page/note.</p>\n<pre>a &lt;b></pre>\n');
});
