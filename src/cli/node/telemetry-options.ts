import { HairspringError, type TraceSampler } from '../../core/index.ts';
import type { TelemetryOptions } from '../../host/index.ts';
import type { CliEnvironment } from '../shell/environment.ts';
import type { NodeFlags } from './node-options.ts';

type Variables = CliEnvironment['variables'];

/**
 * What a node is to export and serve: by `--otlp` and `--metrics`, else by OpenTelemetry's own variables
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). Its exporters read
 * headers, time-outs and compression from there themselves. Nothing asked for means nothing is observed.
 * @throws HS_USAGE
 */
export function resolveTelemetry(
  flags: Pick<NodeFlags, 'otlp' | 'metrics'>,
  variables: Variables,
): TelemetryOptions {
  const otlp = resolveOtlp(flags.otlp, variables);
  const { metrics } = flags;
  const serviceName = variables['OTEL_SERVICE_NAME'];
  const intervalMs = Number(variables['OTEL_METRIC_EXPORT_INTERVAL'] || Number.NaN);
  return {
    ...(otlp === undefined
      ? {}
      : { otlp: { ...otlp, ...(intervalMs > 0 ? { metricsIntervalMs: intervalMs } : {}) } }),
    ...(metrics === undefined ? {} : { metrics }),
    ...(serviceName ? { serviceName } : {}),
    sampler: resolveSampler(variables),
    resourceAttributes: parseResource(variables['OTEL_RESOURCE_ATTRIBUTES'] ?? ''),
  };
}

function resolveOtlp(
  flag: string | undefined,
  variables: Variables,
): { tracesUrl: string | undefined; metricsUrl: string | undefined } | undefined {
  if (flag === undefined && variables['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return undefined;
  const base = flag ?? variables['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const urlOf = (signal: 'traces' | 'metrics'): string | undefined => {
    const name = signal.toUpperCase();
    if (variables[`OTEL_${name}_EXPORTER`] === 'none') return undefined;
    const own = flag === undefined ? variables[`OTEL_EXPORTER_OTLP_${name}_ENDPOINT`] : undefined;
    if (own) return checkUrl(own, `OTEL_EXPORTER_OTLP_${name}_ENDPOINT`);
    if (!base) return undefined;
    const where = flag === undefined ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : '--otlp';
    return `${checkUrl(base, where).replace(/\/+$/, '')}/v1/${signal}`;
  };
  const tracesUrl = urlOf('traces');
  const metricsUrl = urlOf('metrics');
  if (tracesUrl === undefined && metricsUrl === undefined) return undefined;
  if (flag === undefined && variables['OTEL_EXPORTER_OTLP_PROTOCOL'] === 'grpc') {
    throw new HairspringError('HS_USAGE', 'Cannot export by OTEL_EXPORTER_OTLP_PROTOCOL "grpc"', {
      hint: 'Set it to http/json and the endpoint to the port for HTTP, which is 4318 by default',
    });
  }
  return { tracesUrl, metricsUrl };
}

function checkUrl(text: string, where: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return text;
  throw new HairspringError('HS_USAGE', `Cannot export to "${text}" of ${where}: it is not an http(s) URL`, {
    hint: 'Write it like http://127.0.0.1:4318',
  });
}

const SAMPLERS: Readonly<Record<string, { readonly parentBased: boolean; readonly ratio?: number }>> = {
  always_on: { parentBased: false, ratio: 1 },
  always_off: { parentBased: false, ratio: 0 },
  traceidratio: { parentBased: false },
  parentbased_always_on: { parentBased: true, ratio: 1 },
  parentbased_always_off: { parentBased: true, ratio: 0 },
  parentbased_traceidratio: { parentBased: true },
};

function resolveSampler(variables: Variables): TraceSampler {
  const name = variables['OTEL_TRACES_SAMPLER'] || 'parentbased_always_on';
  const sampler = Object.hasOwn(SAMPLERS, name) ? SAMPLERS[name] : undefined;
  if (sampler === undefined) {
    throw new HairspringError('HS_USAGE', `Cannot sample by OTEL_TRACES_SAMPLER "${name}"`, {
      hint: `It takes ${Object.keys(SAMPLERS).join(', ')}`,
    });
  }
  const given = variables['OTEL_TRACES_SAMPLER_ARG'];
  const ratio = sampler.ratio ?? (given ? Number(given) : 1);
  if (ratio >= 0 && ratio <= 1) return { parentBased: sampler.parentBased, ratio };
  throw new HairspringError('HS_USAGE', `Cannot sample by OTEL_TRACES_SAMPLER_ARG "${given}"`, {
    hint: 'It takes a number from 0 to 1',
  });
}

/** `key=value,key=value`, percent-encoded. */
function parseResource(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at <= 0 ? [] : [[pair.slice(0, at).trim(), decode(pair.slice(at + 1).trim())] as const];
  });
  return Object.fromEntries(pairs);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
