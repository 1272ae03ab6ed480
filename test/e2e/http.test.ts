import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHost } from '../support/host.ts';

const world = await startTestHost({
  http: { host: '127.0.0.1', port: 0, names: { 'red.example': 'red' }, ownNamespace: 'default' },
});
after(() => world[Symbol.asyncDispose]());
const origin = world.host.httpUrl ?? '';

const fetching = (body: string): string => `export default { async fetch(request, env, ctx) { ${body} } };`;

test('A request goes to the function that has its route, with params, query, headers and body', async () => {
  await world.deploy({
    name: 'albums',
    code: fetching(`return Response.json({
      method: request.method, url: request.url, params: ctx.params, type: request.headers.get('content-type'),
      text: await request.text(), isRequest: request instanceof Request,
    }, { status: 201, headers: { 'X-Own': 'yes' } });`),
    triggers: [{ http: { route: '/albums/:album/*', methods: ['POST'] } }],
  });
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
