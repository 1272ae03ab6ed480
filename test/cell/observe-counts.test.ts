/** Counts of a cell, and the reports that carry them and its spans to the host. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CellMetrics } from '../../src/cell/observe/cell-metrics.ts';
import { Reporter } from '../../src/cell/observe/reporter.ts';
import {
  type FinishedInvocation,
  type SpanRecord,
  systemClock,
  TELEMETRY_LIMITS,
  type TelemetryReport,
} from '../../src/core/index.ts';
import { createTestFunction, handlerOf } from '../support/functions.ts';
import { kvBinding } from '../support/kv.ts';
import { createSpec } from '../support/spec.ts';
import { turns, until } from '../support/turns.ts';

const HOST = { host: async () => ({ value: null }) };

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
