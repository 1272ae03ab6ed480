import { type Child, type LoadWindow, type Row, startChild } from '../../src/measure/index.ts';
import { type BenchRun, openSite, type Site, startEcho } from '../bench-run.ts';
import { deployCopies } from '../deploy.ts';
import type { HostProcessOptions } from '../host-process.ts';
import type { SinkCommands } from '../otlp-sink.ts';
import { makeUnobservedTree } from '../unobserved-tree.ts';
import { pidsOf } from './density-rows.ts';
import {
  OBSERVATION_IN_FLIGHT,
  OBSERVATION_SUBJECTS,
  type ObservationSubject,
  type ObservationWindow,
  observationRows,
  type SpanCounts,
} from './observation-rows.ts';

const SUBJECT = 'bench.echo';
const FLOOR_SUBJECT = 'bench.floor';
const ECHO = { name: 'echo', subject: SUBJECT, limits: { concurrency: 256 } };
/** More often than nodes send them by default, so that some go out while it is measured. */
const METRICS_INTERVAL_MS = 1_000;

/** Loads one subject for a while. */
type Ask = (warmupMs: number, windowMs: number) => Promise<LoadWindow>;

/** A host with the echo function, on a server of its own. */
interface Observed {
  readonly site: Site;
  readonly ask: Ask;
  readonly metricsUrl: string | null;
}

/** What it costs to be observed: the same function on a host of each kind, and the floor, in turns. */
export async function measureObservation({ plan, progress }: BenchRun): Promise<readonly Row[]> {
  await using stack = new AsyncDisposableStack();
  const sink = stack.use(await startChild<SinkCommands>(new URL('../otlp-sink.ts', import.meta.url), {}));
  const collector = await sink.call('url', null);
  const telemetry = {
    otlp: {
      tracesUrl: `${collector}/v1/traces`,
      metricsUrl: `${collector}/v1/metrics`,
      metricsIntervalMs: METRICS_INTERVAL_MS,
    },
    metrics: { host: '127.0.0.1', port: 0 },
  };
  const { hostScript } = stack.use(await makeUnobservedTree());
  progress('starting three hosts');
  const unobserved = await startObserved({ script: hostScript }, plan.payloadBytes, stack);
  const off = await startObserved({}, plan.payloadBytes, stack);
  const on = await startObserved({ telemetry }, plan.payloadBytes, stack, [sink.pid]);
  const floor = await startFloor(off.site, plan.payloadBytes, stack);
  const asks: Readonly<Record<ObservationSubject, Ask>> = {
    'echo-floor': floor,
    'echo-unobserved': unobserved.ask,
    'echo-off': off.ask,
    'echo-on': on.ask,
  };
  for (const subject of OBSERVATION_SUBJECTS) await asks[subject](plan.firstWarmupMs, 0);
  const windows: ObservationWindow[] = [];
  for (let round = 1; round <= plan.observationRounds; round += 1) {
    const ordered = round % 2 === 1 ? OBSERVATION_SUBJECTS : OBSERVATION_SUBJECTS.toReversed();
    for (const subject of ordered) {
      const window = await asks[subject](plan.warmupMs, plan.observationWindowMs);
      windows.push({ round, subject, ...window });
      progress(`round ${round}/${plan.observationRounds}  ${subject}: ${Math.round(window.perSecond)}/s`);
    }
  }
  return observationRows(windows, await countSpans(on.metricsUrl, sink));
}

async function startObserved(
  options: Pick<HostProcessOptions, 'telemetry'> & { readonly script?: URL },
  payloadBytes: number,
  stack: AsyncDisposableStack,
  collectors: readonly number[] = [],
): Promise<Observed> {
  const site = stack.use(await openSite());
  const host = stack.use(await site.startHost(options));
  await deployCopies(site.nc, 'echo.js', [ECHO]);
  const pids = (): Promise<readonly number[]> => pidsOf(host);
  const ask = await startAsking(site, { subject: SUBJECT, payloadBytes, pids, collectors }, stack);
  return { site, ask, metricsUrl: await host.call('metricsUrl', null) };
}

async function startFloor(site: Site, payloadBytes: number, stack: AsyncDisposableStack): Promise<Ask> {
  const { pid } = stack.use(await startEcho({ url: site.nats.url, subject: FLOOR_SUBJECT }));
  const pids = async (): Promise<readonly number[]> => [pid];
  return await startAsking(site, { subject: FLOOR_SUBJECT, payloadBytes, pids, collectors: [] }, stack);
}

interface Asking {
  readonly subject: string;
  readonly payloadBytes: number;
  readonly pids: () => Promise<readonly number[]>;
  /** Count as the server: the work of neither is the responder's. */
  readonly collectors: readonly number[];
}

async function startAsking(
  site: Site,
  { subject, payloadBytes, pids, collectors }: Asking,
  stack: AsyncDisposableStack,
): Promise<Ask> {
  const generator = stack.use(await site.startGenerator(payloadBytes));
  return async (warmupMs, windowMs) =>
    await generator.call('load', {
      ...{ subject, inFlight: OBSERVATION_IN_FLIGHT, payloadBytes, warmupMs, windowMs },
      pids: { server: [site.nats.pid, ...collectors], responder: await pids() },
    });
}

/** As Prometheus would see it. */
async function countSpans(metricsUrl: string | null, sink: Child<SinkCommands>): Promise<SpanCounts> {
  const text = metricsUrl === null ? '' : await (await fetch(metricsUrl)).text();
  const sumOf = (name: string): number =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)$`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  const { exports } = await sink.call('taken', null);
  return {
    invocations: sumOf('hairspring_invocations_total'),
    dropped: sumOf('hairspring_spans_dropped_total'),
    exports,
  };
}
