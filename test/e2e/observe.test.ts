import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { handler, startTestHost } from '../support/host.ts';
import { type ReceivedSpan, startOtlpReceiver } from '../support/otlp.ts';
import { parsePrometheus, sampleOf } from '../support/prometheus.ts';
import { until } from '../support/turns.ts';

const collector = await startOtlpReceiver();
const world = await startTestHost({
  telemetry: {
    otlp: {
      tracesUrl: `${collector.url}/v1/traces`,
      metricsUrl: `${collector.url}/v1/metrics`,
      metricsIntervalMs: 200,
    },
    metrics: { host: '127.0.0.1', port: 0 },
    reportMs: 50,
  },
});
after(async () => {
  await world[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
});
const { ask, deploy } = world;

const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' } as const;

function traceHeaders(traceparent: string, tracestate?: string): MsgHdrs {
  const pairs = headers();
  pairs.set('traceparent', traceparent);
  if (tracestate !== undefined) pairs.set('tracestate', tracestate);
  return pairs;
}

await deploy({
  name: 'a',
  code: handler(`
    await env.STORE.put('seen', msg.text());
    const reply = await env.BUS.request('b.greet', msg.text(), { headers: { 'X-From': 'a' } });
    return { fromB: reply.json(), from: reply.headers.get('X-Reply'), trace: ctx.trace };`),
  bindings: { STORE: { kv: 'observed', access: 'write' }, BUS: { request: ['b.*'] } },
});
await deploy({
  name: 'b',
  triggers: ['b.{what}'],
  code: handler(`
    if (msg.text() === 'fail') throw new Error('as asked');
    return new Reply({ text: msg.text(), from: msg.headers.get('X-From'), trace: ctx.trace }, { headers: { 'X-Reply': 'b' } });`),
});

async function metricsText(): Promise<string> {
  const response = await fetch(world.host.metricsUrl ?? '');
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  return await response.text();
}

test('One trace leads from an outside caller through a function, its KV call and the function that it calls', async () => {
  const traceparent = `00-${CALLER.traceId}-${CALLER.spanId}-01`;
  const answer = await ask('a', 'hello', { headers: traceHeaders(traceparent, 'vendor=x') });
  assert.equal(answer.outcome, 'ok', answer.text);
  const spans = await collector.trace(CALLER.traceId, 8);
  const only = (name: string): ReceivedSpan => {
    const found = spans.filter((span) => span.name === name);
    assert.equal(found.length, 1, `${name} in ${spans.map((span) => span.name).join(', ')}`);
    return found[0] ?? assert.fail();
  };
  const childrenOf = ({ spanId }: { readonly spanId: string }): string[] =>
    spans
      .filter(({ parentId }) => parentId === spanId)
      .map(({ name, kind }) => `${kind} ${name}`)
      .sort();
  assert.deepEqual(childrenOf(CALLER), ['consumer process a']);
  assert.deepEqual(childrenOf(only('process a')), ['internal invoke a', 'internal queue']);
  assert.deepEqual(childrenOf(only('invoke a')), ['client kv put', 'client messaging request']);
  assert.deepEqual(childrenOf(only('messaging request')), ['consumer process b.{what}']);
  assert.deepEqual(childrenOf(only('process b.{what}')), ['internal invoke b', 'internal queue']);
  for (const span of spans) {
    assert.ok(span.endNs >= span.startNs, span.name);
    assert.equal(span.failed, false, span.name);
    assert.equal(span.tracestate, 'vendor=x', span.name);
    assert.equal(span.resource['service.name'], 'hairspring');
    assert.equal(span.resource['service.instance.id'], world.host.nodeId);
    assert.equal(span.attributes['hairspring.namespace'], 'default');
  }
  const outer = only('process a');
  for (const span of spans) assert.ok(span.startNs >= outer.startNs && span.endNs <= outer.endNs, span.name);
  const trigger = only('process b.{what}').attributes;
  assert.equal(trigger['messaging.system'], 'nats');
  assert.equal(trigger['messaging.destination.name'], 'b.greet');
  assert.equal(trigger['messaging.destination.template'], 'b.{what}');
  assert.equal(only('messaging request').attributes['messaging.destination.name'], 'b.greet');
  assert.equal(only('invoke b').attributes['faas.name'], 'b');
  assert.equal(only('invoke a').attributes['hairspring.cold_reason'], 'first');
  const told = JSON.parse(answer.text);
  assert.equal(told.from, 'b');
  assert.equal(told.fromB.from, 'a');
  assert.deepEqual(told.trace, {
    traceparent: `00-${CALLER.traceId}-${only('invoke a').spanId}-01`,
    tracestate: 'vendor=x',
  });
  assert.equal(told.fromB.trace.traceparent, `00-${CALLER.traceId}-${only('invoke b').spanId}-01`);
});

test('An error is on its span, with the code', async () => {
  const traceId = '11111111111111111111111111111111';
  const answer = await ask('b.greet', 'fail', { headers: traceHeaders(`00-${traceId}-${CALLER.spanId}-01`) });
  assert.equal(answer.outcome, 'HS_FUNCTION_THREW');
  const spans = await collector.trace(traceId, 3);
  for (const { name, failed, attributes } of spans) {
    assert.equal(failed, name !== 'queue', name);
    if (failed) assert.equal(attributes['error.type'], 'HS_FUNCTION_THREW');
  }
});

test('A trace that its caller does not record is passed on and not recorded', async () => {
  const traceId = '22222222222222222222222222222222';
  const answer = await ask('a', 'hello', { headers: traceHeaders(`00-${traceId}-${CALLER.spanId}-00`) });
  const { fromB } = JSON.parse(answer.text);
  assert.match(fromB.trace.traceparent, new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  // What is recorded comes after it.
  const marker = '33333333333333333333333333333333';
  await ask('b.greet', '', { headers: traceHeaders(`00-${marker}-${CALLER.spanId}-01`) });
  await collector.trace(marker, 3);
  assert.equal(collector.spans.filter((span) => span.traceId === traceId).length, 0);
});

test('A message without a valid place in a trace begins one', async () => {
  for (const wrong of [
    undefined,
    '',
    '00-0-0-00',
    `00-${CALLER.traceId}-0000000000000000-01`,
    'x'.repeat(5_000),
  ]) {
    const answer = await ask('b.greet', '', wrong === undefined ? {} : { headers: traceHeaders(wrong) });
    const [, traceId = ''] = JSON.parse(answer.text).trace.traceparent.split('-');
    const spans = await collector.trace(traceId, 3);
    assert.equal(spans.find(({ kind }) => kind === 'consumer')?.parentId, '', wrong ?? 'none');
  }
});

test('Metrics are served in Prometheus format and exported by OTLP, with the documented names', async () => {
  await until(() => collector.metrics.length > 0);
  const calls = { namespace: 'default', function: 'a' };
  const kvPuts = { ...calls, service: 'kv', op: 'put', status: 'ok' };
  let families = parsePrometheus(await metricsText());
  await until(async () => {
    families = parsePrometheus(await metricsText());
    return sampleOf(families, 'hairspring_host_calls_total', kvPuts) === 2;
  });
  assert.equal(sampleOf(families, 'hairspring_invocations_total', { ...calls, status: 'ok' }), 2);
  const failed = { namespace: 'default', function: 'b', status: 'HS_FUNCTION_THREW' };
  assert.equal(sampleOf(families, 'hairspring_invocations_total', failed), 1);
  assert.equal(sampleOf(families, 'hairspring_cold_starts_total', { ...calls, reason: 'first' }), 1);
  assert.equal(sampleOf(families, 'hairspring_invocation_duration_seconds_count', calls), 2);
  assert.equal(
    sampleOf(families, 'hairspring_invocation_duration_seconds_bucket', { ...calls, le: '+Inf' }),
    2,
  );
  assert.equal(sampleOf(families, 'hairspring_isolates', { namespace: 'default', state: 'warm' }), 2);
  assert.ok(sampleOf(families, 'hairspring_cell_memory_bytes', { namespace: 'default' }) > 1e7);
  const page = readFileSync(new URL('../../docs/observability.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `(hairspring_\w+)` \| (\w+) \| (.*?) \|/gm)];
  assert.deepEqual(
    documented.map(([, name, kind, labels]) => [name, kind, labels]).sort(),
    [...families.values()]
      .map(({ name, type }) => [name, type, documented.find((row) => row[1] === name)?.[3]])
      .sort(),
  );
  for (const { name, series } of families.values()) {
    const labels = documented.find((row) => row[1] === name)?.[3] ?? '';
    const known = new Set([...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label));
    for (const one of series)
      assert.deepEqual(
        Object.keys(one.labels).filter((label) => label !== 'le'),
        [...known],
        name,
      );
  }
  const exported = new Set(collector.metrics.map(({ name }) => name));
  for (const name of ['hairspring.invocations', 'hairspring.invocation.duration', 'hairspring.cell.memory'])
    assert.ok(exported.has(name), `${name} in ${[...exported].join(', ')}`);
});

test('The endpoint serves metrics and nothing else', async () => {
  const url = new URL(world.host.metricsUrl ?? '');
  assert.equal(url.hostname, '127.0.0.1');
  assert.equal((await fetch(new URL('/', url))).status, 404);
  assert.equal((await fetch(url, { method: 'POST' })).status, 405);
});

test('A cell that dies is counted, and what was counted before stays', async () => {
  const [pid = 0] = world.host.cellPids();
  process.kill(pid, 'SIGKILL');
  const restarts = async (): Promise<number> =>
    sampleOf(parsePrometheus(await metricsText()), 'hairspring_cell_restarts_total', {
      namespace: 'default',
    });
  await until(() => world.host.cellPids()[0] !== pid);
  while ((await ask('b.greet', '')).outcome === 'HS_CELL_LOST');
  assert.equal(await restarts(), 1);
  const families = parsePrometheus(await metricsText());
  assert.ok(
    sampleOf(families, 'hairspring_invocations_total', {
      namespace: 'default',
      function: 'a',
      status: 'ok',
    }) >= 2,
  );
});

test('A call that stays in the cell is in the trace as well, and names the function', async () => {
  await deploy({
    name: 'calls',
    code: handler(`return (await ctx.call('b', 'x', { subject: 'b.called' })).text();`),
    bindings: { F: { call: ['b'] } },
  });
  const traceId = '44444444444444444444444444444444';
  await ask('calls', '', { headers: traceHeaders(`00-${traceId}-${CALLER.spanId}-01`) });
  const spans = await collector.trace(traceId, 7);
  const called = spans.find(({ name }) => name === 'functions call');
  assert.equal(called?.attributes['faas.invoked_name'], 'b');
  const callee = spans.find(({ name }) => name === 'process b.{what}');
  assert.equal(callee?.parentId, called?.spanId);
  assert.equal(callee?.attributes['messaging.destination.name'], 'b.called');
});

test('A collector that is away costs spans and no answer, and is told of once', async () => {
  collector.status = 400;
  const before = collector.requests;
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask('b.greet', '')));
  assert.ok(answers.every(({ outcome }) => outcome === 'ok'));
  await until(() => collector.requests > before);
  const dropped = async (): Promise<number> =>
    sampleOf(parsePrometheus(await metricsText()), 'hairspring_spans_dropped_total', { where: 'export' });
  await until(async () => {
    await ask('b.greet', '');
    return (await dropped()) > 0;
  });
  assert.equal(world.logs.filter(({ message }) => message === 'Spans could not be exported').length, 1);
  collector.status = 200;
});
