import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  type Clock,
  HairspringError,
  type HttpBinding,
  type PreparedBinding,
  systemClock,
} from '../../src/core/index.ts';
import { HTTP_LIMITS } from '../../src/hostservices/http/limits.ts';
import { createHttpService } from '../../src/hostservices/http/provider.ts';
import type { Resolver } from '../../src/hostservices/http/resolve.ts';
import { handleOf, httpBinding, PATIENT, startLocalServer } from '../support/http.ts';

const server = await startLocalServer((_request, response) => response.end('here'));
after(() => server[Symbol.asyncDispose]());

const HERE = [{ address: '127.0.0.1', family: 4 }];

/** Look-ups that are answered when the test says so. */
function createNames() {
  const asked: string[] = [];
  const waiting: PromiseWithResolvers<typeof HERE>[] = [];
  const resolve: Resolver = (hostname) => {
    asked.push(hostname);
    const answer = Promise.withResolvers<typeof HERE>();
    waiting.push(answer);
    return answer.promise;
  };
  return {
    asked,
    resolve,
    answer: (addresses = HERE) => {
      for (const one of waiting.splice(0)) one.resolve(addresses);
    },
    fail: () => {
      for (const one of waiting.splice(0)) one.reject(new Error('ENOTFOUND'));
    },
  };
}

function createWorld(resolve: Resolver) {
  // Time passes only as told: a busy machine takes longer for a request than a name is kept.
  let nowMs = systemClock.monotonicMs();
  const clock: Clock = { ...systemClock, monotonicMs: () => nowMs };
  const service = createHttpService({ clock, resolve });
  return {
    bind: (binding: HttpBinding): PreparedBinding => service.prepare('WEB', binding),
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

const anyHost = (grant: Partial<HttpBinding> = {}): HttpBinding =>
  httpBinding([`http://*.x.test:${server.port}/*`], grant);
const named = (): HttpBinding => httpBinding([`http://a.x.test:${server.port}/*`], { private: true });

/** Begins a request and gives it up. @returns its code */
async function openAndClose(binding: PreparedBinding, number: number, host: string): Promise<string> {
  const args = [number, 'GET', `http://${host}:${server.port}/`, '[]', 'follow'];
  const open = binding.call({ op: 'open', args, payload: undefined }, PATIENT);
  const ended = open.then(
    () => 'ok',
    (error: unknown) => (HairspringError.is(error) ? error.code : String(error)),
  );
  await new Promise((resolve) => setImmediate(resolve));
  await binding.call({ op: 'close', args: [number], payload: undefined }, PATIENT);
  return await ended;
}

test('A thousand requests for a name that nobody answers for, each given up, are one look-up', async () => {
  const names = createNames();
  const binding = createWorld(names.resolve).bind(anyHost());
  for (let number = 1; number <= 1_000; number += 1)
    assert.equal(await openAndClose(binding, number, 'a.x.test'), 'HS_HTTP_CANCELLED');
  assert.deepEqual(names.asked, ['a.x.test']);
});

test('Look-ups of different names that nobody answers are bounded for each function, and there is room when they end', async () => {
  const names = createNames();
  const world = createWorld(names.resolve);
  const binding = world.bind(anyHost());
  const codes: string[] = [];
  for (let number = 1; number <= 1_000; number += 1)
    codes.push(await openAndClose(binding, number, `n${number}.x.test`));
  const { lookUpsPerFunction: most } = HTTP_LIMITS;
  assert.equal(names.asked.length, most);
  assert.deepEqual(new Set(codes.slice(most)), new Set(['HS_HTTP_LIMIT']));
  assert.equal(await openAndClose(binding, 1, 'n1.x.test'), 'HS_HTTP_CANCELLED', 'it is under way already');
  assert.equal(
    await openAndClose(world.bind(anyHost()), 1, 'other.x.test'),
    'HS_HTTP_CANCELLED',
    'of another',
  );
  names.fail();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await openAndClose(binding, 1, 'late.x.test'), 'HS_HTTP_CANCELLED');
});

test('A look-up serves all that ask meanwhile and for a moment after, each by its own grant', async () => {
  const names = createNames();
  const world = createWorld(names.resolve);
  const [allowed, denied] = [handleOf(world.bind(named())), handleOf(world.bind(anyHost()))];
  const url = `http://a.x.test:${server.port}/`;
  const both = Promise.all([allowed.fetch(url), denied.code(url)]);
  names.answer();
  const [fetched, code] = await both;
  assert.equal(fetched.body.toString(), 'here');
  assert.equal(code, 'HS_HTTP_ADDRESS_DENIED');
  world.pass(HTTP_LIMITS.nameKeptMs / 2);
  assert.equal((await allowed.fetch(url)).status, 200);
  assert.deepEqual(names.asked, ['a.x.test']);
  world.pass(HTTP_LIMITS.nameKeptMs);
  const again = allowed.fetch(url);
  names.answer();
  assert.equal((await again).status, 200);
  assert.equal(names.asked.length, 2);
});

test('A name that was not found is looked up again', async () => {
  const names = createNames();
  const binding = handleOf(createWorld(names.resolve).bind(named()));
  const url = `http://a.x.test:${server.port}/`;
  const failed = binding.code(url);
  names.fail();
  assert.equal(await failed, 'HS_HTTP_UNREACHABLE');
  const found = binding.fetch(url);
  names.answer();
  assert.equal((await found).status, 200);
});

test('What is kept of many names is bounded', async () => {
  const asked: string[] = [];
  const world = createWorld(async (hostname) => {
    asked.push(hostname);
    return HERE;
  });
  const binding = handleOf(world.bind(anyHost()));
  const fetchAll = async (names: readonly number[]): Promise<void> => {
    for (const name of names) await binding.code(`http://n${name}.x.test:${server.port}/`);
  };
  const all = Array.from({ length: HTTP_LIMITS.namesKept + 1 }, (_, index) => index);
  await fetchAll(all);
  await fetchAll([HTTP_LIMITS.namesKept, 1]);
  assert.equal(asked.length, all.length);
  await fetchAll([0]);
  assert.equal(asked.length, all.length + 1);
});
