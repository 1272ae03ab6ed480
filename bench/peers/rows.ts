import { type Metric, makeMetric, makeRow, median, percentile, type Row } from '../../src/measure/index.ts';
import { latencyMetrics } from '../tiers/latency.ts';
import { windowMetrics, windowNotes } from '../tiers/load-rows.ts';
import { PEERS } from './all-peers.ts';
import type { PeerColdPass } from './cold-peers.ts';
import { HAIRSPRING, HAIRSPRING_HTTP } from './hairspring.ts';
import type { PeerWindow } from './load-peers.ts';
import type { Peer } from './peer.ts';

/** A row for each peer at each load, ordered by load. */
export function peerLoadRows(windows: readonly PeerWindow[]): readonly Row[] {
  const loads = [...new Set(windows.map(({ inFlight }) => inFlight))];
  return loads.flatMap((inFlight) => {
    const atLoad = windows.filter((window) => window.inFlight === inFlight);
    return PEERS.flatMap((peer) => {
      const own = atLoad.filter((window) => window.peer === peer);
      return own.length === 0 ? [] : [peerLoadRow(peer, own, atLoad)];
    });
  });
}

function peerLoadRow(peer: Peer, group: readonly PeerWindow[], all: readonly PeerWindow[]): Row {
  // A window without a reply has no latency; it is noted.
  const windows = group.filter(({ requests }) => requests > 0);
  const [first] = group;
  return makeRow({
    group: 'peer-load',
    subject: peer.id,
    title: peer.title,
    params: { inFlight: first?.inFlight ?? 0, payloadBytes: first?.payloadBytes ?? 0 },
    n: windows.reduce((sum, { requests }) => sum + requests, 0),
    metrics: windows.length === 0 ? [] : loadMetrics(peer, windows, all),
    notes: windowNotes(group),
  });
}

function loadMetrics(
  peer: Peer,
  windows: readonly PeerWindow[],
  all: readonly PeerWindow[],
): readonly Metric[] {
  return [
    ...windowMetrics(windows),
    ...inPairs(windows, all, ({ peer: other }) => other.isFloor && other.transport === peer.transport, [
      ['ratio', 'higher', (window, floor) => window.perSecond / floor.perSecond],
      ['cpuRatio', 'lower', (window, floor) => cpuOf(window) / cpuOf(floor)],
    ]),
    ...inPairs(windows, all, ({ peer: other }) => isOursBeside(peer, other), [
      ['cpuTimesOurs', undefined, (window, ours) => cpuOf(window) / cpuOf(ours)],
    ]),
  ];
}

/** Whether `other` is Hairspring, asked over the transport of `peer`: the work of sockets is then the same. */
const isOursBeside = (peer: Peer, other: Peer): boolean =>
  [HAIRSPRING, HAIRSPRING_HTTP].includes(other) && other.transport === peer.transport && other !== peer;

const cpuOf = ({ cpu, perSecond }: PeerWindow): number => (cpu?.responder ?? Number.NaN) / perSecond;

/** A row for each peer; the floors have only what is warm. */
export function peerColdRows(passes: readonly PeerColdPass[], bundleBytes: number): readonly Row[] {
  return PEERS.flatMap((peer) => {
    const own = passes.filter((pass) => pass.peer === peer);
    return own.length === 0 ? [] : [peerColdRow(peer, own, passes, bundleBytes)];
  });
}

function peerColdRow(
  peer: Peer,
  passes: readonly PeerColdPass[],
  all: readonly PeerColdPass[],
  bundleBytes: number,
): Row {
  const samples = passes.map(({ coldMs, warmMs }) => (peer.cold === 'never' ? warmMs : coldMs));
  const warm = passes.filter(({ warmMs }) => warmMs.length > 0);
  return makeRow({
    group: 'peer-cold',
    subject: peer.id,
    title: peer.title,
    params: { bundleBytes },
    n: samples.reduce((sum, { length }) => sum + length, 0),
    metrics: [
      ...latencyMetrics(samples),
      ...(warm.length === 0
        ? []
        : [
            makeMetric(
              'warmP50Ms',
              'ms',
              'lower',
              warm.map(({ warmMs }) => median(warmMs)),
            ),
          ]),
      ...(peer.cold === 'never' ? [] : startMetrics(peer, passes, all)),
    ],
  });
}

/** What a start adds to a warm request, and how many times Hairspring's start in the same round and over the same transport it takes. */
function startMetrics(peer: Peer, passes: readonly PeerColdPass[], all: readonly PeerColdPass[]) {
  const overWarm = (pass: PeerColdPass): number => percentile(pass.coldMs, 0.5) - warmOf(pass, all);
  return [
    makeMetric('overWarmMs', 'ms', 'lower', passes.map(overWarm)),
    ...inPairs(passes, all, ({ peer: other }) => isOursBeside(peer, other), [
      ['timesOurs', undefined, (pass, ours) => percentile(pass.coldMs, 0.5) / percentile(ours.coldMs, 0.5)],
      ['overWarmTimesOurs', undefined, (pass, ours) => overWarm(pass) / aboveZero(overWarm(ours))],
    ]),
  ];
}

/** Nothing is so many times what is not above zero. */
const aboveZero = (value: number): number => (value > 0 ? value : Number.NaN);

/** Of what has no warm request: that of the floor in the same round. */
function warmOf(pass: PeerColdPass, all: readonly PeerColdPass[]): number {
  if (pass.warmMs.length > 0) return median(pass.warmMs);
  const floor = all.find(
    ({ peer, round }) => peer.isFloor && peer.transport === pass.peer.transport && round === pass.round,
  );
  return median(floor?.warmMs ?? []);
}

type PairMetric<Sample> = readonly [
  name: string,
  better: Metric['better'],
  value: (sample: Sample, base: Sample) => number,
];

/** Ratios to what was measured in the same round; none where a round has no such thing or no figure. */
function inPairs<Sample extends { readonly round: number; readonly peer: Peer }>(
  own: readonly Sample[],
  all: readonly Sample[],
  isBase: (sample: Sample) => boolean,
  metrics: readonly PairMetric<Sample>[],
): readonly Metric[] {
  const pairs = own.flatMap((sample) => {
    const base = all.find((other) => isBase(other) && other.round === sample.round);
    return base === undefined || base === sample ? [] : [{ sample, base }];
  });
  if (pairs.length < own.length) return [];
  return metrics
    .map(([name, better, value]) =>
      makeMetric(
        name,
        'ratio',
        better,
        pairs.map(({ sample, base }) => value(sample, base)),
      ),
    )
    .filter(({ rounds }) => rounds.every((value) => Number.isFinite(value)));
}
