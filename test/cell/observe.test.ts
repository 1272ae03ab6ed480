import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import { CellMetrics } from '../../src/cell/observe/cell-metrics.ts';
import { fanOut } from '../../src/cell/observe/fan-out.ts';
import { createObservation } from '../../src/cell/observe/observation.ts';
import { Reporter } from '../../src/cell/observe/reporter.ts';
import { joinTrace } from '../../src/cell/observe/span-ids.ts';
import { Tracer } from '../../src/cell/observe/tracer.ts';
import {
  type FinishedInvocation,
  SilentObserver,
  type SpanRecord,
  systemClock,
  TELEMETRY_LIMITS,
  type TelemetryReport,
} from '../../src/core/index.ts';
import { createTestFunction, handlerOf, moduleOf } from '../support/functions.ts';
import { kvBinding } from '../support/kv.ts';
import { createSpec } from '../support/spec.ts';
import { turns, until } from '../support/turns.ts';

const ALWAYS = { parentBased: true, ratio: 1 } as const;
const HOST = { host: async () => ({ value: null }) };
const NO_GAUGES = {
  rssBytes: 1,
  warm: 0,
  blank: 0,
  droppedReplies: 0,
  functions: [],
};

class Counter extends SilentObserver {
  calls: string[] = [];
  readonly #detailed: boolean;
  constructor(detailed: boolean) {
    super();
    this.#detailed = detailed;
  }
  override wantsDetails(): boolean {
    return this.#detailed;
  }
  override onReceived(): void {
    this.calls.push('received');
  }
  override onStarted(): void {
    this.calls.push('started');
  }
  override onFinished(): void {
    this.calls.push('finished');
  }
  override onCallStarted(): void {
    this.calls.push('call started');
  }
  override onCallFinished(): void {
    this.calls.push('call finished');
  }
  override onBatch(): void {
    this.calls.push('batch');
  }
  override onPool(_spec: unknown, change: string): void {
    this.calls.push(change);
  }
}

test('An observer that wants details is told every step in order', async () => {
  const observer = new Counter(true);
  using probe = createTestFunction(handlerOf('await env.HOST.get("k")'), { ...HOST, observer });
  await probe.text();
  assert.deepEqual(observer.calls, [
    'received',
    'woken',
    'started',
    'batch',
    'call started',
    'call finished',
    'batch',
    'finished',
  ]);
});

test('An invocation that an entry did not come to is told as started once', async () => {
  const observer = new Counter(true);
  const busy = 'for (const start = Date.now(); Date.now() - start < 8; );';
  using probe = createTestFunction(handlerOf(busy), { limits: { cpuMs: 1_000 }, observer });
  await probe.text();
  observer.calls.length = 0;
  await Promise.all(Array.from({ length: 10 }, () => probe.text()));
  const count = (call: string): number => observer.calls.filter((one) => one === call).length;
  assert.ok(count('batch') > 1, `${count('batch')} entries`);
  assert.equal(count('started'), 10);
});

test('Without details only ends are told', async () => {
  const observer = new Counter(false);
  using probe = createTestFunction(handlerOf('await env.HOST.get("k")'), { ...HOST, observer });
  await probe.text();
  assert.deepEqual(observer.calls, ['woken', 'finished']);
});

test('With nothing asked for a cell observes nothing, makes no spans and reports nothing', async () => {
  let reports = 0;
  const { observer, finish } = createObservation({
    clock: systemClock,
    observe: undefined,
    feed: new SilentObserver(),
    gauges: () => NO_GAUGES,
    redactOf: () => undefined,
    send: async () => {
      reports += 1;
    },
  });
  assert.equal(observer.wantsDetails(), false);
  using probe = createTestFunction(handlerOf('return String(ctx.trace)'), { observer });
  assert.equal(await probe.text(), 'undefined');
  await finish();
  assert.equal(reports, 0);
});

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
  const observer = new Tracer(ALWAYS, (span) => spans.push(span), 0);
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
    observer: new Tracer(ALWAYS, (span) => spans.push(span), 0),
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
    observer: new Tracer(ALWAYS, (span) => spans.push(span), 0),
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

test('Counts are told once, and that a function is busy no more too', async () => {
  const metrics = new CellMetrics();
  using probe = createTestFunction(
    handlerOf(
      'if (msg.subject === "probe.bad") throw new Error("x"); await env.HOST.get("k"); await env.HOST.keys()',
    ),
    { ...HOST, observer: metrics },
  );
  await Promise.all([probe.text(), probe.text(), probe.call({ subject: 'probe.bad' })]);
  const [report, ...others] = metrics.take([{ id: 'id-probe', inFlight: 1, queued: 2 }]);
  assert.deepEqual(others, []);
  assert.deepEqual({ ...report?.statuses }, { ok: 2, HS_FUNCTION_THREW: 1 });
  assert.deepEqual([report?.inFlight, report?.queued], [1, 2]);
  assert.deepEqual({ ...report?.coldStarts }, { first: 1 });
  assert.equal(
    report?.durations.counts.reduce((sum, count) => sum + count),
    3,
  );
  assert.deepEqual(
    report?.calls.map(({ service, op, statuses }) => [service, op, { ...statuses }]),
    [
      ['kv', 'get', { ok: 2 }],
      ['kv', 'keys', { ok: 2 }],
    ],
  );
  const [calm] = metrics.take([{ id: 'id-probe', inFlight: 0, queued: 0 }]);
  assert.deepEqual([calm?.inFlight, { ...calm?.statuses }], [0, {}]);
  assert.deepEqual(metrics.take([{ id: 'id-probe', inFlight: 0, queued: 0 }]), []);
});

test('Operations that a guest makes up are one in the metrics, and their number is bounded', () => {
  const metrics = new CellMetrics();
  const spec = createSpec({ bindings: { HOST: kvBinding('b') } });
  const flight = { id: 1 } as FinishedInvocation['flight'];
  for (let index = 0; index < 100; index += 1) {
    const call = { flight, label: 'HOST', op: `\n{${index}}`, args: [], startedMs: 0, trace: undefined };
    metrics.onCallFinished(spec, call, 'ok', 1);
    metrics.onCallFinished(spec, { ...call, op: `made${index}` }, 'HS_HOST_CALL_INVALID', 1);
    metrics.onCallFinished(spec, { ...call, op: `other${index}` }, 'ok', 1);
  }
  const [report] = metrics.take([]);
  const ops = report?.calls.map(({ op }) => op) ?? [];
  assert.equal(ops.length, TELEMETRY_LIMITS.callsPerFunction);
  assert.equal(report?.calls.find(({ op }) => op === 'invalid')?.durations.counts[1], 200);
  assert.ok(
    ops.every((op) => /^(invalid|other\d+)$/.test(op)),
    ops.join(),
  );
});

test('Cold starts have their reason', async () => {
  const metrics = new CellMetrics();
  using probe = createTestFunction(handlerOf('if (msg.subject === "probe.loop") for (;;); return "x"'), {
    observer: metrics,
    limits: { cpuMs: 20 },
  });
  await probe.text();
  assert.equal(probe.runner.evict(), true);
  await probe.text();
  assert.equal(await probe.code({ subject: 'probe.loop' }), 'HS_FUNCTION_CPU');
  await probe.text();
  const [report] = metrics.take([]);
  assert.deepEqual({ ...report?.coldStarts }, { first: 1, evicted: 1, interrupted: 1 });
  assert.equal(metrics.takeEvicted(), 1);
});

test('Of more functions than a report holds, each is told of in time and nothing is counted twice', () => {
  const metrics = new CellMetrics();
  const { functionsPerReport } = TELEMETRY_LIMITS;
  const spec = createSpec();
  const touch = (count: number): void => {
    for (let at = 0; at < count; at += 1) metrics.onBatch({ ...spec, id: `f${at}` });
  };
  touch(functionsPerReport + 2);
  assert.equal(metrics.take([]).length, functionsPerReport);
  const busy = { id: `f${functionsPerReport}`, inFlight: 1, queued: 0 };
  touch(functionsPerReport);
  const rest = metrics.take([busy]);
  assert.equal(rest.length, functionsPerReport);
  assert.deepEqual(
    rest.slice(0, 2).map(({ id, entries }) => [id, entries]),
    [
      [`f${functionsPerReport}`, 1],
      [`f${functionsPerReport + 1}`, 1],
    ],
  );
  assert.equal(metrics.take([busy]).filter(({ entries }) => entries === 1).length, 2);
  assert.deepEqual(
    metrics.take([]).map(({ id }) => id),
    [busy.id],
  );
  assert.deepEqual(metrics.take([]), []);
});

const SPAN = { name: 'x' } as SpanRecord;

test('Spans that find the queue full are dropped and counted, and one report is under way at a time', async () => {
  const reports: TelemetryReport[] = [];
  let release = (): void => undefined;
  const reporter = new Reporter({
    clock: systemClock,
    reportMs: 60_000,
    takeMetrics: () => undefined,
    send: (report) => {
      reports.push(report);
      return new Promise((resolve) => {
        release = resolve;
      });
    },
  });
  const { queuedSpans } = TELEMETRY_LIMITS;
  for (let index = 0; index < queuedSpans / 2; index += 1) reporter.record(SPAN);
  assert.equal(reports.length, 1);
  for (let index = 0; index < queuedSpans + 10; index += 1) reporter.record(SPAN);
  await turns();
  assert.equal(reports.length, 1);
  const finished = reporter.finish();
  release();
  await until(() => reports.length === 2);
  release();
  await finished;
  assert.deepEqual(
    reports.map(({ spans, droppedSpans }) => [spans.length, droppedSpans]),
    [
      [queuedSpans / 2, 0],
      [queuedSpans, 10],
    ],
  );
});

test('Diagnostics channels carry what happens while somebody listens, and only then', async () => {
  const { observer } = createObservation({
    clock: systemClock,
    observe: undefined,
    feed: new SilentObserver(),
    gauges: () => NO_GAUGES,
    redactOf: () => undefined,
    send: () => Promise.resolve(),
  });
  using probe = createTestFunction(handlerOf('console.log("hi"); await env.HOST.get("k")'), {
    ...HOST,
    observer,
  });
  const seen: [string, Record<string, unknown>][] = [];
  const listen = (message: unknown, name: string | symbol): void => {
    seen.push([String(name), message as Record<string, unknown>]);
  };
  const channels = ['invocation', 'host-call', 'batch', 'pool', 'log'].map((name) => `hairspring:${name}`);
  for (const channel of channels) subscribe(channel, listen);
  assert.equal(observer.wantsDetails(), true);
  await probe.text();
  for (const channel of channels) unsubscribe(channel, listen);
  assert.equal(observer.wantsDetails(), false);
  const before = seen.length;
  await probe.text();
  assert.equal(seen.length, before);
  assert.deepEqual(
    seen.map(([channel, { event, change, level }]) =>
      `${channel.slice(11)} ${event ?? change ?? level ?? ''}`.trim(),
    ),
    [
      'invocation received',
      'pool woken',
      'invocation started',
      'batch',
      'log info',
      'host-call started',
      'host-call finished',
      'batch',
      'invocation finished',
    ],
  );
  for (const [, message] of seen)
    assert.deepEqual([message['name'], message['functionId']], ['probe', 'id-probe']);
  const finished = seen.at(-1)?.[1];
  assert.equal(finished?.['status'], 'ok');
  assert.ok(
    Number(finished?.['queueMs']) + Number(finished?.['runMs']) - Number(finished?.['durationMs']) < 0.01,
  );
});

test('Several observers are told only what they ask for', () => {
  const told: string[] = [];
  const logs = Object.assign(new SilentObserver(), { onLog: () => told.push('log') });
  const pool = Object.assign(new SilentObserver(), { onPool: () => told.push('pool') });
  const both = fanOut([logs, pool]);
  const spec = {} as Parameters<typeof both.onLog>[0];
  both.onLog(spec, 'info', '');
  both.onPool(spec, 'woken');
  both.onBatch(spec, 1);
  assert.deepEqual(told, ['log', 'pool']);
});
