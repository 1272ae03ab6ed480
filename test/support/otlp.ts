/** A stand-in for an OpenTelemetry collector: takes OTLP over HTTP as JSON and keeps what it got. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { until } from './turns.ts';

const value = z.object({
  stringValue: z.string().optional(),
  boolValue: z.boolean().optional(),
  intValue: z.union([z.string(), z.number()]).optional(),
  doubleValue: z.number().optional(),
});
const attributes = z.array(z.object({ key: z.string(), value }));
const resource = z.object({ attributes });

const tracesSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource,
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              traceState: z.string().optional(),
              name: z.string(),
              kind: z.number(),
              startTimeUnixNano: z.string(),
              endTimeUnixNano: z.string(),
              attributes,
              status: z.object({ code: z.number(), message: z.string().optional() }),
            }),
          ),
        }),
      ),
    }),
  ),
});

const metricsSchema = z.object({
  resourceMetrics: z.array(
    z.object({ scopeMetrics: z.array(z.object({ metrics: z.array(z.looseObject({ name: z.string() })) })) }),
  ),
});

export type AttributeValue = string | number | boolean | undefined;

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty when there is none. */
  readonly parentId: string;
  readonly tracestate: string;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly resource: Readonly<Record<string, AttributeValue>>;
}

export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Of the last export. */
  readonly metrics: readonly { readonly name: string }[];
  /** How exports are answered from now on. @default 200 */
  status: number;
  /** Requests so far. */
  readonly requests: number;
  /** The spans of a trace, once there are `count`. */
  trace(traceId: string, count: number): Promise<readonly ReceivedSpan[]>;
}

const KINDS = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const;

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  let metrics: readonly { readonly name: string }[] = [];
  let requests = 0;
  const server = createServer(async (request, response) => {
    requests += 1;
    const body: unknown = JSON.parse(await readBody(request));
    response.writeHead(receiver.status, { 'Content-Type': 'application/json' }).end('{}');
    if (receiver.status !== 200) return;
    if (request.url === '/v1/traces') spans.push(...toSpans(body));
    if (request.url === '/v1/metrics')
      metrics = metricsSchema
        .parse(body)
        .resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const receiver: OtlpReceiver = {
    url: `http://127.0.0.1:${port}`,
    spans,
    get metrics() {
      return metrics;
    },
    status: 200,
    get requests() {
      return requests;
    },
    async trace(traceId, count) {
      const found = (): ReceivedSpan[] => spans.filter((span) => span.traceId === traceId);
      await until(() => found().length >= count);
      assert.equal(found().length, count, names(found()));
      return found();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  return receiver;
}

function names(spans: readonly ReceivedSpan[]): string {
  return spans.map(({ name }) => name).join(', ');
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function toRecord(pairs: z.infer<typeof attributes>): Readonly<Record<string, AttributeValue>> {
  return Object.fromEntries(
    pairs.map(({ key, value: one }) => [
      key,
      one.stringValue ??
        one.boolValue ??
        (one.intValue === undefined ? one.doubleValue : Number(one.intValue)),
    ]),
  );
}

function toSpans(body: unknown): readonly ReceivedSpan[] {
  return tracesSchema.parse(body).resourceSpans.flatMap(({ resource: own, scopeSpans }) =>
    scopeSpans
      .flatMap((scope) => scope.spans)
      .map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentId: span.parentSpanId ?? '',
        tracestate: span.traceState ?? '',
        name: span.name,
        kind: KINDS[span.kind] ?? 'internal',
        startNs: BigInt(span.startTimeUnixNano),
        endNs: BigInt(span.endTimeUnixNano),
        failed: span.status.code === 2,
        attributes: toRecord(span.attributes),
        resource: toRecord(own.attributes),
      })),
  );
}
