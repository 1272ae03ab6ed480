import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import {
  DURATION_BOUNDS_S,
  type FunctionReport,
  type MetricsReport,
  type SpanRecord,
} from '../../src/core/index.ts';
import { parseCellMessage } from '../../src/host/cells/cell-messages.ts';
import { CellTallies } from '../../src/host/telemetry/cell-tallies.ts';
import { MetricStore } from '../../src/host/telemetry/metric-store.ts';
import { startMetricsServer } from '../../src/host/telemetry/metrics-server.ts';
import { renderPrometheus } from '../../src/host/telemetry/prometheus-text.ts';
import { parsePrometheus, sampleOf } from '../support/prometheus.ts';

function durations(...counts: number[]): { counts: number[]; sumS: number } {
  return { counts: [...DURATION_BOUNDS_S, 0].map((_, bucket) => counts[bucket] ?? 0), sumS: 0.5 };
}

function functionReport(id: string, more: Partial<FunctionReport> = {}): FunctionReport {
  return {
    id,
    inFlight: 1,
    queued: 2,
    statuses: { ok: 3 },
    durations: durations(1, 2),
    queueing: durations(3),
    coldStarts: { first: 1 },
    entries: 2,
    droppedLogs: 0,
    calls: [{ service: 'kv', op: 'get', statuses: { ok: 1 }, durations: durations(1) }],
    ...more,
  };
}

function metricsReport(...functions: FunctionReport[]): MetricsReport {
  return { rssBytes: 100, warm: 1, blank: 2, evicted: 0, droppedReplies: 0, functions };
}

const SPAN: SpanRecord = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentId: '',
  tracestate: '',
  kind: 'consumer',
  name: 'process a',
  startMs: 1,
  endMs: 2,
  status: 'ok',
  attributes: { a: 'b' },
};

const nameOf = (id: string): string | undefined => (id.startsWith('id-') ? id.slice(3) : undefined);

test('Label values of any text come through the text format', () => {
  const store = new MetricStore();
  const odd = 'a"b\\c\nd{},= ä';
  store.add('invocations', [odd, 'f', 'ok'], 2);
  const families = parsePrometheus(renderPrometheus(store));
  assert.equal(
    sampleOf(families, 'hairspring_invocations_total', { namespace: odd, function: 'f', status: 'ok' }),
    2,
  );
});

test('The buckets of a histogram add up', () => {
  const store = new MetricStore();
  store.addDurations('duration', ['n', 'f'], durations(1, 2, 0, 4));
  store.addDurations('duration', ['n', 'f'], durations(1));
  const labels = { namespace: 'n', function: 'f' };
  const name = 'hairspring_invocation_duration_seconds';
  const families = parsePrometheus(renderPrometheus(store));
  const bucket = (le: string): number => sampleOf(families, `${name}_bucket`, { ...labels, le });
  assert.deepEqual(['0.0005', '0.001', '0.0025', '0.005', '60', '+Inf'].map(bucket), [2, 4, 4, 8, 8, 8]);
  assert.equal(sampleOf(families, `${name}_count`, labels), 8);
  assert.equal(sampleOf(families, `${name}_sum`, labels), 1);
});

test('Counts of all cells add up and outlive them; gauges are those of the cells that live', () => {
  const store = new MetricStore();
  const tallies = new CellTallies(store);
  tallies.add({ id: 'c1', namespace: 'n' }, metricsReport(functionReport('id-f')), nameOf);
  tallies.add({ id: 'c2', namespace: 'n' }, metricsReport(functionReport('id-f')), nameOf);
  const read = (name: string, labels: Record<string, string>): number => {
    tallies.refresh();
    return sampleOf(parsePrometheus(renderPrometheus(store)), name, labels);
  };
  const f = { namespace: 'n', function: 'f' };
  assert.equal(read('hairspring_queue_depth', f), 4);
  assert.equal(read('hairspring_cell_memory_bytes', { namespace: 'n' }), 200);
  tallies.ended('c1');
  assert.equal(read('hairspring_queue_depth', f), 2);
  assert.equal(read('hairspring_invocations_total', { ...f, status: 'ok' }), 6);
  tallies.undeployed('n', 'f');
  assert.equal(read('hairspring_queue_depth', f), 0);
  assert.doesNotMatch(renderPrometheus(store), /function="f"/);
});

test('A function that the cell’s namespace does not have is not counted', () => {
  const store = new MetricStore();
  new CellTallies(store).add({ id: 'c1', namespace: 'n' }, metricsReport(functionReport('other')), nameOf);
  assert.equal(store.read('invocations').length, 0);
});

test('Reports that no cell makes are refused', () => {
  const telemetry = (spans: readonly unknown[], metrics?: unknown): unknown => ({
    type: 'telemetry',
    report: { spans, droppedSpans: 0, metrics },
  });
  parseCellMessage(telemetry([SPAN], metricsReport(functionReport('id-f'))));
  const reportWith = (more: object): unknown =>
    telemetry([], metricsReport({ ...functionReport('id-f'), ...more }));
  const hostile = [
    telemetry([{ ...SPAN, traceId: 'x' }]),
    telemetry([{ ...SPAN, name: 'x'.repeat(5_000) }]),
    telemetry([{ ...SPAN, kind: 'servant' }]),
    telemetry([{ ...SPAN, startMs: Number.NaN }]),
    telemetry([{ ...SPAN, status: 'constructor' }]),
    telemetry([{ ...SPAN, attributes: { a: { b: 1 } } }]),
    telemetry([{ ...SPAN, attributes: { a: 'x'.repeat(5_000) } }]),
    telemetry([
      { ...SPAN, attributes: Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`a${at}`, 1])) },
    ]),
    telemetry(Array.from({ length: 5_000 }, () => SPAN)),
    reportWith({ statuses: { made_up: 1 } }),
    reportWith({ statuses: { ok: -1 } }),
    reportWith({ statuses: { ok: 1.5 } }),
    reportWith({ coldStarts: { made_up: 1 } }),
    reportWith({ durations: { counts: [1], sumS: 0 } }),
    reportWith({ durations: { ...durations(1), sumS: Number.POSITIVE_INFINITY } }),
    reportWith({ calls: [{ service: 'a b', op: 'c', statuses: {}, durations: durations() }] }),
    reportWith({ calls: [{ service: 'a', op: 'c\n', statuses: {}, durations: durations() }] }),
    reportWith({
      calls: Array.from({ length: 65 }, (_, at) => ({
        service: 'a',
        op: `o${at}`,
        statuses: {},
        durations: durations(),
      })),
    }),
  ];
  for (const [index, message] of hostile.entries())
    assert.throws(() => parseCellMessage(message), { code: 'HS_INTERNAL' }, `${index}`);
});

test('An address that is taken or none is refused with the remedy', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  await assert.rejects(
    startMetricsServer({ host: '127.0.0.1', port }, () => ''),
    { code: 'HS_PORT_TAKEN', message: new RegExp(`127.0.0.1:${port}`), hint: /--metrics/ },
  );
  await new Promise((closed) => other.close(closed));
  await assert.rejects(
    startMetricsServer({ host: '203.0.113.1', port: 0 }, () => ''),
    { code: 'HS_USAGE' },
  );
});
