import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveTelemetry } from '../../src/cli/node/telemetry-options.ts';

const BASE = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' };

test('Nothing is exported unless something asks for it', () => {
  for (const variables of [{}, { OTEL_SERVICE_NAME: 'x' }, { ...BASE, OTEL_SDK_DISABLED: 'true' }])
    assert.equal(resolveTelemetry({}, variables).otlp, undefined);
});

test('The endpoint is a base for both signals, and the flag is stronger', () => {
  const urls = { tracesUrl: 'http://c:4318/v1/traces', metricsUrl: 'http://c:4318/v1/metrics' };
  assert.deepEqual(resolveTelemetry({}, BASE).otlp, urls);
  assert.deepEqual(resolveTelemetry({ otlp: 'http://c:4318/' }, { OTEL_SDK_DISABLED: 'true' }).otlp, urls);
  const other = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://d', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://e/t' };
  assert.deepEqual(resolveTelemetry({ otlp: 'http://c:4318' }, other).otlp, urls);
});

test('A signal has an endpoint of its own, or is left out', () => {
  const own = { ...BASE, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/path', OTEL_METRICS_EXPORTER: 'none' };
  assert.deepEqual(resolveTelemetry({}, own).otlp, { tracesUrl: 'http://t/path', metricsUrl: undefined });
  const none = { OTEL_METRICS_EXPORTER: 'none', OTEL_TRACES_EXPORTER: 'none' };
  assert.equal(resolveTelemetry({ otlp: 'http://c' }, none).otlp, undefined);
});

test('Samplers have OpenTelemetry’s names', () => {
  const samplerOf = (name: string, arg?: string): unknown =>
    resolveTelemetry(
      {},
      { OTEL_TRACES_SAMPLER: name, ...(arg === undefined ? {} : { OTEL_TRACES_SAMPLER_ARG: arg }) },
    ).sampler;
  assert.deepEqual(samplerOf(''), { parentBased: true, ratio: 1 });
  assert.deepEqual(samplerOf('always_off'), { parentBased: false, ratio: 0 });
  assert.deepEqual(samplerOf('traceidratio', '0.25'), { parentBased: false, ratio: 0.25 });
  assert.deepEqual(samplerOf('parentbased_traceidratio', '0.5'), { parentBased: true, ratio: 0.5 });
  assert.deepEqual(samplerOf('parentbased_always_on', '0.5'), { parentBased: true, ratio: 1 });
});

test('What cannot be is refused with the remedy', () => {
  const wrong: readonly (readonly [{ otlp?: string }, Record<string, string>, RegExp])[] = [
    [{ otlp: 'c:4318' }, {}, /"c:4318" of --otlp/],
    [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://x' }, /OTEL_EXPORTER_OTLP_ENDPOINT/],
    [{}, { ...BASE, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, /grpc/],
    [{}, { OTEL_TRACES_SAMPLER: 'constructor' }, /"constructor"/],
    [{}, { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' }, /"2"/],
    [{}, { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: 'x' }, /"x"/],
  ];
  for (const [flags, variables, message] of wrong)
    assert.throws(() => resolveTelemetry(flags, variables), { code: 'HS_USAGE', message });
});

test('Resource attributes are decoded, and what is none is left out', () => {
  const text = 'team=web%20a, deployment.environment=prod,=x,odd,bad=%zz';
  assert.deepEqual(resolveTelemetry({}, { OTEL_RESOURCE_ATTRIBUTES: text }).resourceAttributes, {
    team: 'web a',
    'deployment.environment': 'prod',
    bad: '%zz',
  });
});
