/** Whose a host call is that is made after an `await`, when the answers of several invocations come at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Binding, PreparedBinding } from '../../src/core/index.ts';
import { createTestFunction, handlerOf } from '../support/functions.ts';
import { turns, until } from '../support/turns.ts';

const BINDING: Binding = { service: 'kv', bucket: 'b', access: 'read-write', keys: '>', existing: true };

interface Seen {
  readonly op: string;
  readonly key: unknown;
  readonly callerId: number;
}

/** A host that holds each `get` until it is told, and answers the rest at once. */
function createHeldHost() {
  const seen: Seen[] = [];
  const ended: number[] = [];
  const held = new Map<unknown, () => void>();
  const prepared: PreparedBinding = {
    async call({ op, args: [key] }, { id }) {
      seen.push({ op, key, callerId: id });
      if (op === 'get') await new Promise<void>((go) => held.set(key, go));
      return { value: null };
    },
    ended: (callerId) => ended.push(callerId),
  };
  return {
    options: { prepared: { HOST: prepared }, bindings: { HOST: BINDING } },
    seen,
    ended,
    callerOf: (key: string) => seen.find((call) => call.key === key)?.callerId,
    holds: (...keys: string[]) => until(() => keys.every((key) => held.has(key))),
    /** Answers in this order, all in one turn. */
    answer(...keys: string[]): void {
      for (const key of keys) held.get(key)?.();
    },
  };
}

/** Goes on for some hops after the answer to its first call, and then makes another. */
const goesOn = (hops: number): string =>
  `await env.HOST.get('a'); for (let hop = 0; hop < ${hops}; hop += 1) await null; await env.HOST.put('b', 'x');`;

const MAKERS: Readonly<Record<string, string>> = {
  'after its reply': `ctx.waitUntil((async () => { ${goesOn(8)} })()); return 'a';`,
  'while a timer of its own is armed': `setTimeout(() => {}, 5_000); ${goesOn(8)} return 'a';`,
  'while another call of its own waits': `const other = env.HOST.get('d'); ${goesOn(8)} await other; return 'a';`,
};

for (const [when, body] of Object.entries(MAKERS)) {
  for (const neighbour of ['return "c";', 'await env.HOST.get("e"); return "c";']) {
    const what = neighbour.startsWith('return') ? 'replies' : 'goes on waiting';
    test(`A call that an invocation makes ${when} is its own, though its neighbour ${what}`, async () => {
      const host = createHeldHost();
      using probe = createTestFunction(
        handlerOf(`if (msg.params.key === 'a') { ${body} } await env.HOST.get('c'); ${neighbour}`),
        host.options,
      );
      const a = probe.text({ subject: 'probe.a' });
      const c = probe.text({ subject: 'probe.c' });
      await host.holds('a', 'c');
      host.answer('a', 'c');
      await until(() => host.callerOf('b') !== undefined);
      assert.equal(host.callerOf('b'), host.callerOf('a'));
      await turns();
      host.answer('d', 'e');
      assert.deepEqual(await Promise.all([a, c]), ['a', 'c']);
    });
  }
}

test('A call that comes too late to be told from those of an invocation that has ended is made for one in progress', async () => {
  const host = createHeldHost();
  using probe = createTestFunction(
    handlerOf(
      `if (msg.params.key === 'a') { ${goesOn(200)} return 'a'; } await env.HOST.get('c'); return 'c';`,
    ),
    host.options,
  );
  const a = probe.text({ subject: 'probe.a' });
  const c = probe.text({ subject: 'probe.c' });
  await host.holds('a', 'c');
  host.answer('a', 'c');
  assert.deepEqual(await Promise.all([a, c]), ['a', 'c']);
  assert.equal(host.callerOf('b'), host.callerOf('a'));
});

test('What goes on after its invocation calls for those that were there, and for no newer one', async () => {
  const host = createHeldHost();
  using probe = createTestFunction(
    handlerOf(`
      if (msg.params.key !== 'leaver') { await env.HOST.get(msg.params.key); return msg.params.key; }
      (async () => {
        await env.HOST.get('left').catch(() => {});
        for (;;) {
          await env.HOST.put('again', 'x');
          await env.HOST.get('next');
        }
      })().catch((error) => console.log(error.code));
      for (let hop = 0; hop < 5; hop += 1) await null;
      return 'left';`),
    host.options,
  );
  const early = probe.text({ subject: 'probe.early' });
  await host.holds('early');
  assert.equal(await probe.text({ subject: 'probe.leaver' }), 'left');
  host.answer('left');
  await host.holds('next');
  const late = probe.text({ subject: 'probe.late' });
  await host.holds('late');
  assert.equal(host.callerOf('again'), host.callerOf('early'));
  host.answer('next');
  await turns();
  assert.equal(host.seen.filter(({ key }) => key === 'again').length, 2);
  host.answer('early');
  assert.equal(await early, 'early');
  const calls = host.seen.length;
  host.answer('next');
  await turns();
  assert.equal(host.seen.length, calls);
  host.answer('late');
  assert.equal(await late, 'late');
});

test('What a call opens for several invocations stays open until the last of them has ended', async () => {
  const host = createHeldHost();
  using probe = createTestFunction(
    handlerOf(
      `shared ??= env.HOST.get('shared');
      if (msg.params.key === 'first') return 'first';
      await shared;
      await env.HOST.get(msg.params.key);
      return msg.params.key;`,
      'let shared;',
    ),
    host.options,
  );
  const first = probe.text({ subject: 'probe.first' });
  const second = probe.text({ subject: 'probe.second' });
  const third = probe.text({ subject: 'probe.third' });
  assert.equal(await first, 'first');
  const opener = host.callerOf('shared') ?? 0;
  assert.deepEqual(host.ended, [opener]);
  host.answer('shared');
  await host.holds('second', 'third');
  assert.deepEqual(host.ended, [opener]);
  host.answer('second');
  assert.equal(await second, 'second');
  await turns();
  assert.ok(!host.ended.slice(1).includes(opener));
  host.answer('third');
  assert.equal(await third, 'third');
  await until(() => host.ended.filter((id) => id === opener).length === 2);
});

test('What was opened in the name of an invocation for another one outlives the first', async () => {
  const host = createHeldHost();
  using probe = createTestFunction(
    handlerOf(`
      const { key } = msg.params;
      if (key === 'long') { ${goesOn(200)} await env.HOST.get('still'); return key; }
      await env.HOST.get(key);
      return key;`),
    host.options,
  );
  const oldest = probe.text({ subject: 'probe.oldest' });
  const long = probe.text({ subject: 'probe.long' });
  const brief = probe.text({ subject: 'probe.brief' });
  await host.holds('oldest', 'a', 'brief');
  host.answer('a', 'brief');
  assert.equal(await brief, 'brief');
  await host.holds('still');
  // That of the oldest, unless the machine was so slow that the answers came in two entries.
  const opener = host.callerOf('b') ?? 0;
  host.answer('oldest');
  assert.equal(await oldest, 'oldest');
  await turns();
  assert.ok(!host.ended.includes(opener));
  host.answer('still');
  assert.equal(await long, 'long');
  await until(() => host.ended.includes(opener));
});
