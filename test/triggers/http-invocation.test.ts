import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type FunctionSpec,
  type HttpAsk,
  type HttpMethod,
  type HttpTrigger,
  parseRoute,
} from '../../src/core/index.ts';
import { HttpInvocation } from '../../src/triggers/index.ts';
import { createSpec } from '../support/spec.ts';

function httpTrigger(pattern: string, methods: readonly HttpMethod[] = []): HttpTrigger {
  const parsed = parseRoute(pattern);
  assert.ok(typeof parsed !== 'string', String(parsed));
  return { kind: 'http', ...parsed, methods };
}

const specOn = (...triggers: HttpTrigger[]): FunctionSpec => ({ ...createSpec(), triggers });

const ask = (route: string, path: string, method = 'GET'): HttpAsk => ({
  id: 'id-probe',
  route,
  method,
  url: `http://a.test${path}`,
  headers: [],
  body: new Uint8Array(0),
});

const placeOf = (spec: FunctionSpec, request: HttpAsk): number =>
  new HttpInvocation(1, request, spec, () => undefined).triggerIndex;

test('A request has the trigger whose route was chosen', () => {
  const spec = specOn(httpTrigger('/a'), httpTrigger('/a/:id'));
  assert.equal(placeOf(spec, ask('/a/:id', '/a/1')), 1);
});

test('A request whose route was that of the version before takes the one that fits best', () => {
  const spec = specOn(httpTrigger('/*'), httpTrigger('/a/:name', ['POST']), httpTrigger('/a/:name', ['GET']));
  assert.equal(placeOf(spec, ask('/a/:id', '/a/1?b=/c')), 2);
  assert.equal(placeOf(spec, ask('/a/:id', '/a/1', 'PUT')), 0);
});

test('A request that no route of the version fits is told so', () => {
  const spec = specOn(httpTrigger('/b'), httpTrigger('/a/:name', ['POST']));
  assert.throws(() => placeOf(spec, ask('/a/:id', '/a/1')), { code: 'HS_GATEWAY_NO_ROUTE' });
});
