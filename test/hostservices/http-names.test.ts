import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { httpBinding, openHttp, PATIENT, startLocalServer } from '../support/http.ts';

const server = await startLocalServer(({ url = '' }, response) => {
  if (url.startsWith('/v1/')) response.writeHead(303, { location: `${url.slice(3)}?token=hunter2` }).end();
  else response.end('here');
});
after(() => server[Symbol.asyncDispose]());

/** What a fetch comes to need beside the URL that it names. */
async function namesOf(urls: readonly string[], path: string): Promise<readonly string[]> {
  const names: string[] = [];
  const caller = { ...PATIENT, alsoNames: (name: string) => void names.push(name) };
  const handle = openHttp(
    httpBinding(
      urls.map((url) => `${server.origin}${url}`),
      { private: true },
    ),
  );
  await handle.fetch(`${server.origin}${path}`, { method: 'POST', caller }).catch(() => undefined);
  return names.map((name) => name.replace(server.origin, ''));
}

test('The caller is told of each redirect with its method and without its query, a refused one too', async () => {
  assert.deepEqual(await namesOf(['/*'], '/v1/v1/a'), ['GET /v1/a', 'GET /a']);
  assert.deepEqual(await namesOf(['/v1/*'], '/v1/a'), ['GET /a']);
  assert.deepEqual(await namesOf(['/*'], '/a'), []);
});
