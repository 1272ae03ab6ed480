import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  answersMethod,
  compareRoutes,
  type HttpMethod,
  parseRoute,
  type Route,
  routeMatches,
  routeSegments,
  routesCollide,
} from '../../src/core/index.ts';

function routeOf(pattern: string, methods: readonly HttpMethod[] = []): Route {
  const parsed = parseRoute(pattern);
  assert.ok(typeof parsed !== 'string', `${pattern}: ${String(parsed)}`);
  return { ...parsed, methods };
}

const takes = (pattern: string, path: string): boolean => routeMatches(routeOf(pattern), routeSegments(path));

test('A route takes the paths that its segments say', () => {
  const cases: readonly [pattern: string, taken: readonly string[], others: readonly string[]][] = [
    ['/', ['/'], ['/a', '//']],
    ['/a', ['/a'], ['/', '/a/', '/A', '/a/b', '/b']],
    ['/a/', ['/a/'], ['/a', '/a/b']],
    ['/a/:x', ['/a/b', '/a/:x'], ['/a/', '/a', '/a/b/', '/a/b/c']],
    ['/a/:x/c', ['/a/b/c'], ['/a//c', '/a/b/d']],
    ['/a/*', ['/a/', '/a/b', '/a/b/c', '/a//'], ['/a', '/b/']],
    ['/:x/:rest*', ['/a/', '/a/b/c'], ['/a', '//b']],
    ['/*', ['/', '/a', '/a/b'], []],
  ];
  for (const [pattern, taken, others] of cases) {
    for (const path of taken) assert.ok(takes(pattern, path), `${pattern} takes ${path}`);
    for (const path of others) assert.ok(!takes(pattern, path), `${pattern} does not take ${path}`);
  }
});

test('What is no route is refused with the reason', () => {
  const reasons: Readonly<Record<string, RegExp>> = {
    '': /begins with/,
    'a/b': /begins with/,
    '/a//b': /empty/,
    '/a/../b': /"\.\." is no segment/,
    '/a/.': /"\." is no segment/,
    '/*/a': /last/,
    '/:x*/a': /last/,
    '/:x/:x': /"x" is used twice/,
    '/:': /neither/,
    '/:1a': /neither/,
    '/a:b': /neither/,
    '/a*': /neither/,
    '/a b': /neither/,
    '/a%20b': /neither/,
    '/ä': /neither/,
    '/a?b': /neither/,
    '/a#b': /neither/,
    '/{id}': /neither/,
    '/:__proto__': /cannot name/,
    [`/${'a'.repeat(512)}`]: /at most 512/,
  };
  for (const [pattern, reason] of Object.entries(reasons))
    assert.match(String(parseRoute(pattern)), reason, pattern);
});

test('Routes are sorted by what they say from left to right', () => {
  const sorted = ['/a/b/c', '/a/b', '/a/:x/c', '/a/:x', '/a/*', '/:x/b', '/:x', '/*'];
  const shuffled = sorted.toReversed().map((pattern) => routeOf(pattern));
  assert.deepEqual(
    shuffled.sort(compareRoutes).map(({ pattern }) => pattern),
    sorted,
  );
});

test('Routes collide when they take the same paths by a method that both answer', () => {
  const collide = (a: Route, b: Route): boolean => {
    assert.equal(routesCollide(a, b), routesCollide(b, a));
    return routesCollide(a, b);
  };
  assert.ok(collide(routeOf('/a/:x'), routeOf('/a/:y')));
  assert.ok(collide(routeOf('/a/*'), routeOf('/a/:rest*', ['POST'])));
  assert.ok(collide(routeOf('/a', ['GET']), routeOf('/a', ['HEAD'])));
  assert.ok(!collide(routeOf('/a', ['GET']), routeOf('/a', ['POST'])));
  assert.ok(!collide(routeOf('/a/:x'), routeOf('/a/*')));
  assert.ok(!collide(routeOf('/a/:x'), routeOf('/a/b')));
});

test('GET stands for HEAD, nothing for TRACE and CONNECT', () => {
  const methods = ['GET', 'HEAD', 'POST', 'TRACE', 'CONNECT', 'get', 'PROPFIND'];
  const answered = (route: Route): string[] => methods.filter((method) => answersMethod(route, method));
  assert.deepEqual(answered(routeOf('/')), ['GET', 'HEAD', 'POST']);
  assert.deepEqual(answered(routeOf('/', ['GET'])), ['GET', 'HEAD']);
  assert.deepEqual(answered(routeOf('/', ['POST'])), ['POST']);
});
