/** What componentize-js makes of a fetch listener: its package is 41 MB and its components 12 MB, so neither is here. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTestHost } from '../support/host.ts';
import { startLocalServer } from '../support/http.ts';

const TOOL = '@bytecodealliance/componentize-js';
const WIT = new URL('../../examples/wasm-page/wit', import.meta.url);
/** The one that the engine of this version of the tool exports. */
const WASI_VERSION = '0.2.10';
const SOURCE = `addEventListener('fetch', (event) => event.respondWith(answer(event.request)));
async function answer(request) {
  const body = await request.text();
  const upstream = await fetch(request.headers.get('x-upstream'), { method: 'POST', body });
  const { pathname } = new URL(request.url);
  return new Response(pathname + ' ' + await upstream.text(), { status: 201, headers: { 'X-From': 'component' } });
}`;

interface Componentize {
  componentize(
    source: string,
    options: { readonly witPath: string; readonly worldName: string },
  ): Promise<{ readonly component: Uint8Array }>;
}

async function findTool(): Promise<Componentize | undefined> {
  try {
    return (await import(import.meta.resolve(TOOL))) as Componentize;
  } catch {
    return undefined;
  }
}

/** The WIT files of an example, in another version of WASI. */
async function createWit(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'hairspring-wit-'));
  await cp(WIT, path, { recursive: true });
  for (const name of await readdir(path, { recursive: true })) {
    if (!name.endsWith('.wit')) continue;
    const text = await readFile(join(path, name), 'utf8');
    await writeFile(join(path, name), text.replaceAll('0.2.3', WASI_VERSION));
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const tool = await findTool();
const skip = tool === undefined ? `install it to run this: npm install --no-save ${TOOL}@0.23.0` : false;

test('A fetch listener that componentize-js made a component answers requests and sends some', {
  skip,
}, async () => {
  assert.ok(tool !== undefined);
  await using wit = await createWit();
  const { component } = await tool.componentize(SOURCE, { witPath: wit.path, worldName: 'page' });
  await using upstream = await startLocalServer((request, response) => {
    request.pipe(response.writeHead(200));
  });
  await using world = await startTestHost({
    http: { host: '127.0.0.1', port: 0, names: {}, ownNamespace: 'default' },
  });
  await world.deploy({
    name: 'listener',
    code: component,
    triggers: [{ http: { route: '/listener/*' } }],
    bindings: { WEB: { http: [`${upstream.origin}/*`], private: true } },
    limits: { memory: '128MiB', cpu: '4s', timeout: '20s' },
  });
  for (const body of ['first', 'second']) {
    const headers = { 'X-Upstream': `${upstream.origin}/` };
    const response = await fetch(`${world.host.httpUrl}/listener/a`, { method: 'POST', body, headers });
    assert.equal(response.status, 201);
    assert.equal(response.headers.get('x-from'), 'component');
    assert.equal(await response.text(), `/listener/a ${body}`);
  }
});
