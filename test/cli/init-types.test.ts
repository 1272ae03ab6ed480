import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { createTemplate } from '../../src/cli/init/templates.ts';
import { ROOT } from '../architecture/support/tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'hairspring-types-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A function that uses each part of the platform, and one name that functions have not. */
const PROBE = `import type { Body, Handler, KvBucket, MessageResult } from 'hairspring/guest';

interface Env {
  readonly WEB: { fetch: typeof fetch };
  readonly CACHE: KvBucket;
}

interface Greeting {
  readonly text: string;
  readonly to?: Greeting;
}

export default {
  async message(msg, env, ctx) {
    const url = new URL('/path?query=1', 'https://example.com');
    url.searchParams.append('name', msg.text());
    const pattern = new URLPattern({ pathname: '/:part' });
    const response = await fetch(new Request(url, { headers: new Headers({ accept: 'text/plain' }) }), {
      signal: AbortSignal.any([AbortSignal.timeout(ctx.deadline - Date.now()), new AbortController().signal]),
    });
    await fetch(url, { signal: ctx.signal });
    AbortSignal.any([ctx.signal, AbortSignal.timeout(1)]).throwIfAborted();
    const greeting: Greeting = { text: 'hello' };
    await env.CACHE.put('greeting', greeting);
    await ctx.call('other', greeting);
    const results: MessageResult[] = [greeting, [greeting], 1, true, null, undefined, 'text', new Reply(greeting)];
    // @ts-expect-error a function cannot be sent
    const body: Body = () => results;
    // @ts-expect-error a promise is to be awaited first
    await env.CACHE.put('late', env.CACHE.get('early'));
    const passed = await fetch(url, { method: 'POST', body: response.body, duplex: 'half' });
    const again: Response = await env.WEB.fetch(url);
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(crypto.randomUUID()));
    const text = new Blob([digest]).stream().pipeThrough(new CompressionStream('gzip'));
    const upper = new TransformStream<string, string>({
      transform: (chunk, controller) => controller.enqueue(chunk.toUpperCase()),
    });
    const form = new FormData();
    form.set('file', new File([btoa('a')], 'a.txt'));
    const target = new EventTarget();
    target.addEventListener('done', (event) => console.table([event.type]), { once: true });
    target.dispatchEvent(new CustomEvent('done', { detail: structuredClone(form.has('file')) }));
    setTimeout(() => queueMicrotask(() => reportError(new DOMException('late', 'TimeoutError'))), 1);
    // @ts-expect-error a function has no document
    void document;
    return new Reply(await new Response(text).arrayBuffer(), {
      headers: { took: String(performance.now()), by: navigator.userAgent, ok: String(again.ok && passed.ok) },
    });
    void [pattern, upper, body, new TextDecoder('latin1', { fatal: true })];
  },
} satisfies Handler<Env>;
`;

test('The template for TypeScript knows the web platform as functions have it', async () => {
  const template = createTemplate('typed', true);
  for (const [path, text] of Object.entries({ ...template, 'src/probe.ts': PROBE })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  // In a project of a user's the package is installed.
  writeFileSync(
    join(folder, 'tsconfig.test.json'),
    JSON.stringify({
      extends: './tsconfig.json',
      compilerOptions: { paths: { 'hairspring/guest': [join(ROOT, 'guest.d.ts')] } },
      include: ['src'],
    }),
  );
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.test.json'], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.equal(stdout, '');
  assert.equal(status, 0);
});
