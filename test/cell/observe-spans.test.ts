/** Spans of a cell, and the place in a trace that functions and host calls are given. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import { joinTrace } from '../../src/cell/observe/span-ids.ts';
import { Tracer } from '../../src/cell/observe/tracer.ts';
import type { SpanRecord } from '../../src/core/index.ts';
import { createTestFunction, handlerOf, moduleOf } from '../support/functions.ts';

const ALWAYS = { parentBased: true, ratio: 1 } as const;

test('A function finds the headers of its message in ctx.trace when nothing is traced', async () => {
  using probe = createTestFunction(handlerOf('return ctx.trace'));
  const headers = [
    ['Traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    ['tracestate', 'a=1'],
  ] as const;
  assert.deepEqual(JSON.parse(await probe.text({ headers })), {
    traceparent: headers[0][1],
    tracestate: 'a=1',
  });
});

test('A function that changes its place in the trace changes nothing for the host', async () => {
  const spans: SpanRecord[] = [];
  const observer = new Tracer(
    ALWAYS,
    (span) => spans.push(span),
    0,
    () => undefined,
  );
  let sent = '';
  using probe = createTestFunction(
    handlerOf(`
      const { trace } = ctx;
      trace.traceparent = 'x';
      Object.getPrototypeOf(ctx).trace = 'y';
      Object.defineProperty(Object.getPrototypeOf(ctx), 'trace', { value: 'z' });
      await env.HOST.get('k');
      return String(ctx.trace);`),
    {
      observer,
      host: async (_call, { trace }) => {
        sent = trace?.traceparent ?? '';
        return { value: null };
      },
    },
  );
  assert.equal(await probe.text(), 'z');
  const call = spans.find(({ kind }) => kind === 'client');
  assert.equal(sent, `00-${call?.traceId}-${call?.spanId}-01`);
});

test('What a host call sends on names the span of the call, in the trace of its invocation', async () => {
  const spans: SpanRecord[] = [];
  const carriers: string[] = [];
  using probe = createTestFunction(handlerOf('await Promise.all([env.HOST.get("a"), env.HOST.get("b")])'), {
    observer: new Tracer(
      ALWAYS,
      (span) => spans.push(span),
      0,
      () => undefined,
    ),
    host: async (_call, { trace, deadlineMs }) => {
      assert.ok(deadlineMs > performance.now());
      carriers.push(trace?.traceparent ?? '');
      return { value: null };
    },
  });
  await Promise.all([probe.text(), probe.text()]);
  const calls = spans.filter(({ kind }) => kind === 'client');
  assert.deepEqual(carriers.sort(), calls.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`).sort());
  assert.equal(new Set(calls.map(({ traceId }) => traceId)).size, 2);
  for (const call of calls) {
    const parent = spans.find(({ spanId }) => spanId === call.parentId);
    assert.deepEqual([parent?.name, parent?.traceId], ['invoke probe', call.traceId]);
  }
});

test('An invocation that never began has no invocation span', async () => {
  const spans: SpanRecord[] = [];
  using probe = createTestFunction(moduleOf('{}', 'throw new Error("no")'), {
    observer: new Tracer(
      ALWAYS,
      (span) => spans.push(span),
      0,
      () => undefined,
    ),
  });
  assert.equal(await probe.code(), 'HS_FUNCTION_LOAD');
  assert.deepEqual(
    spans.map(({ name, status }) => [name, status]),
    [
      ['process probe.{key}', 'HS_FUNCTION_LOAD'],
      ['queue', 'HS_FUNCTION_LOAD'],
    ],
  );
});

test('Traces are sampled by the same bits as OpenTelemetry’s own sampler takes', () => {
  for (const ratio of [0, 0.01, 0.5, 0.99, 1]) {
    const theirs = new TraceIdRatioBasedSampler(ratio);
    let sampled = 0;
    for (let index = 0; index < 500; index += 1) {
      const ours = joinTrace(undefined, { parentBased: true, ratio });
      const { decision } = theirs.shouldSample(ROOT_CONTEXT, ours.traceId);
      assert.equal(ours.sampled, decision === SamplingDecision.RECORD_AND_SAMPLED, ours.traceId);
      if (ours.sampled) sampled += 1;
    }
    assert.ok(Math.abs(sampled / 500 - ratio) < 0.15, `${sampled} of 500 at ${ratio}`);
  }
});

test('A caller’s decision is followed or not, as the sampler says', () => {
  const caller = (flags: string): { traceparent: string; tracestate: string } => ({
    traceparent: `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-${flags}`,
    tracestate: '',
  });
  assert.equal(joinTrace(caller('01'), { parentBased: true, ratio: 0 }).sampled, true);
  assert.equal(joinTrace(caller('00'), { parentBased: true, ratio: 1 }).sampled, false);
  assert.equal(joinTrace(caller('01'), { parentBased: false, ratio: 0 }).sampled, false);
  assert.equal(joinTrace(caller('00'), { parentBased: false, ratio: 1 }).sampled, true);
});

test('The spans of a function show no secret of its own, neither of its message nor of what it calls', async () => {
  const spans: SpanRecord[] = [];
  const redact = (text: string): string => text.replaceAll('s3cret', '[redacted]');
  using probe = createTestFunction(handlerOf('await env.BUS.publish("a.s3cret")'), {
    observer: new Tracer(
      ALWAYS,
      (span) => spans.push(span),
      0,
      () => redact,
    ),
    bindings: { BUS: { service: 'messaging', publish: ['a.*'], request: [], call: [] } },
    prepared: { BUS: { call: async () => ({ value: null }) } },
  });
  await probe.text({ subject: 'probe.s3cret' });
  const names = spans.flatMap(({ attributes }) => attributes['messaging.destination.name'] ?? []);
  assert.deepEqual(names.sort(), ['a.*', 'probe.*']);
});
