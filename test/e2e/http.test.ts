import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHost, type TestTrigger } from '../support/host.ts';
import { until } from '../support/load.ts';
import { rawRequest, sendRaw } from '../support/raw-http.ts';

const world = await startTestHost({
  http: { host: '127.0.0.1', port: 0, names: { 'red.example': 'red' }, ownNamespace: 'default' },
});
after(() => world[Symbol.asyncDispose]());
const origin = world.host.httpUrl ?? '';

const fetching = (body: string): string =>
  `export default { async fetch(request, env, ctx) { ${body} }, async message(msg) { return 'message'; } };`;

interface Served {
  readonly triggers?: readonly (string | TestTrigger)[];
  readonly namespace?: string;
  readonly limits?: Readonly<Record<string, string | number>>;
}

/** A function with one route, which is its name unless `triggers` are given. */
async function serve(name: string, body: string, options: Served = {}): Promise<string> {
  await world.deploy({
    name,
    code: fetching(body),
    triggers: [{ http: { route: `/${name}` } }],
    ...options,
  });
  return `${origin}/${name}`;
}

async function codeOf(response: Response): Promise<unknown> {
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  const problem = (await response.json()) as { code: string; status: number };
  assert.equal(problem.status, response.status);
  assert.equal(response.headers.get('hairspring-error'), problem.code);
  return problem.code;
}

test('A request goes to the function that has its route, with params, query, headers and body', async () => {
  await serve(
    'albums',
    `return Response.json({
      method: request.method, url: request.url, params: ctx.params, type: request.headers.get('content-type'),
      text: await request.text(), isRequest: request instanceof Request,
    }, { status: 201, headers: { 'X-Own': 'yes' } });`,
    { triggers: [{ http: { route: '/albums/:album/*', methods: ['POST'] } }] },
  );
  const response = await fetch(`${origin}/albums/kind%20of/blue/note?x=1`, { method: 'POST', body: 'héllo' });
  assert.equal(response.status, 201);
  assert.equal(response.headers.get('x-own'), 'yes');
  assert.deepEqual(await response.json(), {
    method: 'POST',
    url: `${origin}/albums/kind%20of/blue/note?x=1`,
    params: { album: 'kind of', '1': 'blue/note' },
    type: 'text/plain;charset=UTF-8',
    text: 'héllo',
    isRequest: true,
  });
});

test('The route that says most of a path wins, and functions share paths by method', async () => {
  const answer = (text: string): string => `return new Response('${text}');`;
  const routes = { any: '/shop/*', one: '/shop/:item', list: '/shop/list', deep: '/shop/:item/reviews' };
  for (const [name, route] of Object.entries(routes))
    await serve(name, answer(name), { triggers: [{ http: { route } }] });
  for (const method of ['GET', 'PUT'])
    await serve(`by-${method}`, answer(method), {
      triggers: [{ http: { route: '/shared', methods: [method] } }],
    });
  const found = async (path: string, method = 'GET'): Promise<string> =>
    (await fetch(`${origin}${path}`, { method })).text();
  assert.equal(await found('/shop/list'), 'list');
  assert.equal(await found('/shop/%6Cist'), 'list');
  assert.equal(await found('/shop/tea'), 'one');
  assert.equal(await found('/shop/tea/reviews'), 'deep');
  assert.equal(await found('/shop/tea/else'), 'any');
  assert.equal(await found('/shop/'), 'any');
  assert.equal(await found('/shared'), 'GET');
  assert.equal(await found('/shared', 'PUT'), 'PUT');
  const refused = await fetch(`${origin}/shared`, { method: 'DELETE' });
  assert.equal(refused.status, 405);
  assert.equal(refused.headers.get('allow'), 'GET, HEAD, PUT');
  assert.equal(await codeOf(refused), 'HS_GATEWAY_METHOD');
  const missing = await fetch(`${origin}/shop`);
  assert.equal(missing.status, 404);
  assert.equal(await codeOf(missing), 'HS_GATEWAY_NO_ROUTE');
});

test('HEAD is answered as GET is, without the body', async () => {
  const url = await serve(
    'head',
    `return new Response('12345', { headers: { 'X-Method': request.method } });`,
  );
  const response = await fetch(url, { method: 'HEAD' });
  assert.equal(response.headers.get('x-method'), 'HEAD');
  assert.equal(response.headers.get('content-length'), '5');
  assert.equal(await response.text(), '');
});

test('Bodies of bytes, of streams and of more than one piece of the wire arrive as they were sent', async () => {
  const url = await serve(
    'echo',
    `if (request.headers.get('x-stream') !== null) return new Response(request.body);
     return new Response(await request.bytes());`,
  );
  const bytes = new Uint8Array(700_000).map((_, at) => (at * 31) % 256);
  for (const size of [0, 1, 1_025, 9_000, bytes.length]) {
    for (const headers of [{}, { 'X-Stream': '1' }]) {
      const response = await fetch(url, { method: 'POST', body: bytes.subarray(0, size), headers });
      assert.deepEqual(Buffer.from(await response.bytes()), Buffer.from(bytes.subarray(0, size)));
    }
  }
});

test('Several cookies stay several headers', async () => {
  const url = await serve(
    'cookies',
    `const headers = new Headers(); headers.append('Set-Cookie', 'a=1'); headers.append('Set-Cookie', 'b=2');
     return new Response(request.headers.get('cookie'), { headers });`,
  );
  const response = await fetch(url, { headers: { Cookie: 'c=3' } });
  assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
  assert.equal(await response.text(), 'c=3');
});

test('A namespace is served under the host names that were given to it, and under no other', async () => {
  await serve('whose', `return new Response(ctx.namespace);`);
  await serve('whose', `return new Response(ctx.namespace);`, { namespace: 'red' });
  const ask = async (host: string): Promise<{ status: number; text: string }> => {
    const { status, text } = await sendRaw(
      origin,
      `GET /whose HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    );
    return { status, text: text.split('\r\n\r\n')[1] ?? '' };
  };
  const { port } = new URL(origin);
  assert.deepEqual(await ask(`127.0.0.1:${port}`), { status: 200, text: 'default' });
  assert.deepEqual(await ask('LOCALHOST'), { status: 200, text: 'default' });
  assert.deepEqual(await ask('red.example'), { status: 200, text: 'red' });
  assert.deepEqual(await ask('Red.Example:99'), { status: 200, text: 'red' });
  for (const host of [
    'blue.example',
    'red.example.evil.example',
    '127.0.0.2',
    '10.0.0.1',
    '[::1]',
    'constructor',
  ])
    assert.equal((await ask(host)).status, 421, host);
});

test('What a handler throws or returns wrongly is a problem, and its words and stack are not told', async () => {
  const thrown = await fetch(await serve('throws', `throw new Error('secret detail');`));
  assert.equal(thrown.status, 500);
  const text = await thrown.text();
  assert.match(text, /HS_FUNCTION_THREW/);
  assert.doesNotMatch(text, /secret detail|at fetch|\.mjs/);
  for (const [name, body] of Object.entries({
    text: `return 'text';`,
    nothing: ``,
    used: `const response = new Response('x'); await response.text(); return response;`,
    failed: `return Response.error();`,
    alike: `return { status: 200, headers: new Headers(), body: null };`,
  })) {
    const response = await fetch(await serve(`returns-${name}`, body));
    assert.equal(response.status, 500, name);
    assert.equal(await codeOf(response), 'HS_FUNCTION_NO_REPLY', name);
  }
});

test('Limits of the function hold: time, CPU, size of the request and of the response', async () => {
  const slow = await serve('slow', `await new Promise((r) => setTimeout(r, 60_000));`, {
    limits: { timeout: '100ms' },
  });
  assert.equal(await codeOf(await fetch(slow)), 'HS_FUNCTION_TIMEOUT');
  const busy = await fetch(await serve('busy', `for (;;);`, { limits: { cpu: '50ms' } }));
  assert.equal(busy.status, 504);
  assert.equal(await codeOf(busy), 'HS_FUNCTION_CPU');
  const small = await serve('small', `return new Response(await request.text());`, {
    limits: { payload: '1KiB' },
  });
  const large = await fetch(small, { method: 'POST', body: 'x'.repeat(1_025) });
  assert.equal(large.status, 413);
  assert.equal(await codeOf(large), 'HS_PAYLOAD_TOO_LARGE');
  const vast = await fetch(await serve('vast', `return new Response(new Uint8Array(9 * 1024 ** 2));`));
  assert.equal(await codeOf(vast), 'HS_REPLY_TOO_LARGE');
});

test('A full queue is 429 with Retry-After, and those that were accepted are answered', async () => {
  const url = await serve(
    'full',
    `await new Promise((r) => setTimeout(r, 300)); return new Response('ok');`,
    {
      limits: { concurrency: 1, queue: 1 },
    },
  );
  const responses = await Promise.all(Array.from({ length: 6 }, () => fetch(url)));
  const statuses = responses.map(({ status }) => status);
  assert.ok(statuses.includes(200) && statuses.includes(429), String(statuses));
  const refused = responses.find(({ status }) => status === 429);
  assert.equal(refused?.headers.get('retry-after'), '1');
});

test('A client that goes away cancels its invocation, as the signals tell it', async () => {
  await serve(
    'patient',
    `const seen = await Promise.race([
       new Promise((r) => ctx.signal.addEventListener('abort', () => r('ctx ' + ctx.signal.reason.code))),
       new Promise((r) => setTimeout(() => r('nothing'), 20_000)),
     ]);
     console.log(seen, request.signal.aborted);
     return new Response(seen);`,
    { limits: { timeout: '30s' } },
  );
  const lines: string[] = [];
  await using _logs = await world.client().logs({}, ({ text }) => lines.push(text));
  await world.nc.flush();
  const client = new AbortController();
  const asked = fetch(`${origin}/patient`, { signal: client.signal });
  await until('it runs', async () => (await world.client().info('patient')).stats.inFlight === 1);
  client.abort();
  await assert.rejects(asked, { name: 'AbortError' });
  await until('it is cancelled', async () => (await world.client().info('patient')).stats.inFlight === 0);
  await until('its log tells', () => lines.includes('ctx HS_FUNCTION_CANCELLED true'));
});

test('A trace that comes with a request goes on in the function', async () => {
  const url = await serve('traced', `return new Response(ctx.trace?.traceparent ?? 'none');`);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  assert.equal(await (await fetch(url, { headers: { traceparent } })).text(), traceparent);
});

test('A function without a route for a request is not run by it, and a message does not run fetch', async () => {
  await serve('both', `return new Response('fetch');`, { triggers: ['both', { http: { route: '/both' } }] });
  assert.equal((await world.ask('both')).text, 'message');
  assert.equal(await (await fetch(`${origin}/both`)).text(), 'fetch');
  const invoked = await world.client().invoke('both', '');
  assert.equal(Buffer.from(invoked.data).toString(), 'message');
});

test('A new version takes over without a refused request, and undeploying takes the route away', async () => {
  const url = await serve(
    'version',
    `await new Promise((r) => setTimeout(r, 20)); return new Response('1');`,
  );
  const asked = Array.from({ length: 20 }, () => fetch(url).then((response) => response.text()));
  await serve('version', `return new Response('2');`);
  assert.deepEqual(
    [...new Set(await Promise.all(asked))].filter((text) => text !== '1' && text !== '2'),
    [],
  );
  assert.equal(await (await fetch(url)).text(), '2');
  await world.client().undeploy('version');
  assert.equal((await fetch(url)).status, 404);
});

test('A request that waits while its route goes away is answered by the version that had it, and no message to the next', async () => {
  const url = await serve(
    'slow',
    `await new Promise((r) => setTimeout(r, 1_000)); return new Response('served');`,
    { triggers: ['slow', { http: { route: '/slow/:a' } }], limits: { concurrency: 1, timeout: '60s' } },
  );
  const asked = ['1', '2', '3'].map((a) => fetch(`${url}/${a}`));
  await until('they are there', async () => (await world.client().info('slow')).stats.queued === 2);
  await world.deploy({
    name: 'slow',
    code: `export default { message(msg) { globalThis.ran = (globalThis.ran ?? 0) + 1; return String(ran); } };`,
    triggers: ['slow'],
  });
  const texts = (await Promise.all(asked)).map((response) => response.text());
  assert.deepEqual(await Promise.all(texts), ['served', 'served', 'served']);
  assert.equal((await world.ask('slow')).text, '1');
});

test('A deployment whose route another function has is refused with its name, and changes nothing', async () => {
  await serve('owner', `return new Response('owner');`, {
    triggers: [{ http: { route: '/taken/:id', methods: ['GET', 'PUT'] } }],
  });
  const deploy = (methods: readonly string[]): Promise<string> =>
    serve('rival', `return new Response('rival');`, {
      triggers: [{ http: { route: '/taken/:other', methods } }],
    });
  await assert.rejects(deploy(['PUT', 'POST']), (error: Error & { code: string }) => {
    assert.equal(error.code, 'HS_ROUTE_TAKEN');
    assert.match(error.message, /"rival": its route \/taken\/:other .* of function "owner"/);
    return true;
  });
  assert.equal(await (await fetch(`${origin}/taken/1`, { method: 'PUT' })).text(), 'owner');
  await deploy(['POST']);
  assert.equal(await (await fetch(`${origin}/taken/1`, { method: 'POST' })).text(), 'rival');
  const race = await Promise.allSettled(
    ['p', 'q', 'r'].map((name) => serve(`race-${name}`, ``, { triggers: [{ http: { route: '/race' } }] })),
  );
  assert.deepEqual(race.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected']);
});

test('A function without a handler for its triggers is refused', async () => {
  const refused = async (
    code: string,
    triggers: readonly (string | TestTrigger)[],
    message: RegExp,
  ): Promise<void> => {
    await assert.rejects(
      world.deploy({ name: 'half', code, triggers }),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'HS_HANDLER_MISSING');
        assert.match(error.message, message);
        return true;
      },
    );
  };
  const http = { http: { route: '/half' } };
  await refused(
    'export default { message() {} };',
    [http],
    /http triggers need a fetch handler.* only message/,
  );
  await refused(
    'export default { fetch() {} };',
    ['half'],
    /subject triggers need a message handler.* only fetch/,
  );
  await refused(
    'export default { fetch() { return 1; } };',
    ['half', http],
    /subject triggers need a message handler/,
  );
  await world.deploy({
    name: 'half',
    code: 'export default { fetch: () => new Response("f") };',
    triggers: [http],
  });
  assert.equal(await (await fetch(`${origin}/half`)).text(), 'f');
  await world.client().undeploy('half');
});

test('A response that was fetched is handed on as what it is now, decoded', async () => {
  await using upstream = await startUpstream();
  await world.deploy({
    name: 'proxy',
    code: fetching(`
      const upstream = await fetch(env.UPSTREAM);
      const { headers } = upstream;
      if (ctx.params.how === 'body') return new Response(upstream.body, upstream);
      if (ctx.params.how === 'headers') return new Response(await upstream.text(), { headers });
      return upstream;`),
    triggers: [{ http: { route: '/proxy/:how' } }],
    bindings: { WEB: { http: [`${upstream.origin}/*`], private: true } },
    environment: { UPSTREAM: `${upstream.origin}/` },
  });
  for (const how of ['whole', 'body', 'headers']) {
    const { text, head } = await sendRaw(origin, rawRequest(origin, `GET /proxy/${how}`));
    assert.match(text, /\r\n\r\nplain text$/);
    assert.match(head, /content-length: 10/i);
    assert.doesNotMatch(head, /content-encoding|keep-alive/i);
  }
});

async function startUpstream(): Promise<{ readonly origin: string } & AsyncDisposable> {
  const { gzipSync } = await import('node:zlib');
  const { startLocalServer } = await import('../support/http.ts');
  return await startLocalServer((_request, response) => {
    response.writeHead(200, { 'Content-Encoding': 'gzip', 'Keep-Alive': 'timeout=5' });
    response.end(gzipSync('plain text'));
  });
}
