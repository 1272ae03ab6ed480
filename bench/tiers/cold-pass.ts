import { setTimeout as sleep } from 'node:timers/promises';
import { createControlClient, type InvocationEvent } from '../../src/control/index.ts';
import type { BenchRun, Site } from '../bench-run.ts';
import { type BenchFunction, NAMESPACE } from '../deploy.ts';
import type { HostProcessOptions } from '../host-process.ts';
import type { Plan } from '../plan.ts';
import type { ColdKind } from './cold-kinds.ts';
import type { ColdPass } from './cold-rows.ts';

/** Of each kind, woken before those that count: a new cell compiles its own code on the first cold starts. */
const UNCOUNTED = 3;
/** Of kinds so large that only some fit, where others have woken before. */
const UNCOUNTED_OF_FEW = 1;
/** As many warm requests to each function, at the same pace. */
const WARM_REQUESTS = 2;
const PER_FUNCTION = 1 + WARM_REQUESTS;
/** So many instances stay warm where the others are to be evicted. */
const KEPT_WARM = 4;
/** A cell looks once a second for what it can evict; a busy machine may take longer. */
const EVICTION_WAIT_MS = 10_000;
const EVICTION_POLL_MS = 100;
const EVENTS_WAIT_MS = 3_000;
/** For all instances of a pass to stay. */
const ROOMY_BYTES = 4 * 1024 ** 3;

/** How a function comes to be idle, and what it finds when it is woken. */
export type WakeTier = 'pooled-isolate' | 'new-isolate' | 'evicted';

export const subjectOf = ({ name }: ColdKind, index: number): string => `bench.cold.${name}.${index}`;

export function functionsOf(kind: ColdKind, plan: Plan): readonly BenchFunction[] {
  return Array.from({ length: wakesOf(kind, plan) }, (_, index) => ({
    name: `cold-${kind.name}-${index}`,
    subject: subjectOf(kind, index),
  }));
}

function uncountedOf({ count }: ColdKind, { quick }: Plan): number {
  return quick && count !== undefined ? UNCOUNTED_OF_FEW : UNCOUNTED;
}

/** How many functions of a kind there are. */
export function wakesOf(kind: ColdKind, plan: Plan): number {
  return uncountedOf(kind, plan) + countOf(kind, plan);
}

function countOf({ name, count }: ColdKind, plan: Plan): number {
  if (name === 'js-5k') return plan.coldFunctions;
  return Math.min(count ?? plan.coldFunctionsOfKind, plan.coldFunctionsOfKind);
}

const HOSTS: Readonly<
  Record<WakeTier, Omit<HostProcessOptions, 'url' | 'operatorFile' | 'dataDir' | 'logLevel'>>
> = {
  'pooled-isolate': { warmInstances: 10_000, cellRssLimitBytes: ROOMY_BYTES },
  'new-isolate': { warmInstances: 10_000, cellRssLimitBytes: ROOMY_BYTES, spareIsolates: 0 },
  evicted: { warmInstances: KEPT_WARM },
};

/** What a pass found of each kind, and of the very first wake in the new cell. */
export interface PassResult {
  readonly passes: ReadonlyMap<ColdKind, ColdPass>;
  readonly first: ColdPass;
}

/**
 * Wakes all functions of some kinds on a new host, the kinds in turns, one request at a time. What the cell itself
 * measured comes from the node's invocation events.
 */
export async function wakeAll(
  site: Site,
  { plan }: BenchRun,
  tier: WakeTier,
  kinds: readonly ColdKind[],
): Promise<PassResult> {
  await using _host = await site.startHost(HOSTS[tier]);
  await using generator = await site.startGenerator(plan.payloadBytes);
  const wakes = inTurns(kinds, plan);
  const evictable = tier === 'evicted' ? wakes.slice(0, -KEPT_WARM) : wakes;
  await sleep(plan.settleMs);
  if (tier === 'evicted') {
    await generator.call('sequence', { subjects: wakes.map(({ subject }) => subject), pauseMs: 0 });
    await untilEvicted(site);
  }
  const events = await tapEvents(site);
  const subjects = evictable.flatMap(({ subject }) => Array.from({ length: PER_FUNCTION }, () => subject));
  const latenciesMs = await generator.call('sequence', { subjects, pauseMs: plan.coldPauseMs });
  const bySubject = await events.all(subjects.length);
  const results = evictable.map(({ kind, subject, index }, at) => ({
    kind,
    index,
    pass: toPass(
      latenciesMs.slice(at * PER_FUNCTION, (at + 1) * PER_FUNCTION),
      bySubject.get(subject) ?? [],
      tier === 'evicted' ? 'evicted' : 'first',
    ),
  }));
  // The cell has woken those that were evicted before. What was not evicted after all is no cold start.
  const uncounted = (kind: ColdKind): number => (tier === 'evicted' ? 0 : uncountedOf(kind, plan));
  const counted = results.filter(
    ({ kind, index, pass }) => index >= uncounted(kind) && pass.coldMs.length > 0,
  );
  const passes = Map.groupBy(counted, ({ kind }) => kind);
  return {
    passes: new Map([...passes].map(([kind, found]) => [kind, join(found.map(({ pass }) => pass))])),
    first: join(results.slice(0, 1).map(({ pass }) => pass)),
  };
}

/** Waits until no more instances are warm than are kept. What stays warm all the same is told by its events. */
async function untilEvicted({ nc }: Site): Promise<void> {
  const client = createControlClient(nc, { namespace: NAMESPACE });
  const deadline = performance.now() + EVICTION_WAIT_MS;
  while (performance.now() < deadline) {
    const warm = (await client.list()).filter(({ workload_state }) => workload_state === 'warm').length;
    if (warm <= KEPT_WARM) return;
    await sleep(EVICTION_POLL_MS);
  }
}

interface Wake {
  readonly kind: ColdKind;
  readonly index: number;
  readonly subject: string;
}

/** The first function of each kind, then the second of each, and so on. */
function inTurns(kinds: readonly ColdKind[], plan: Plan): readonly Wake[] {
  return kinds
    .flatMap((kind) =>
      Array.from({ length: wakesOf(kind, plan) }, (_, index) => ({
        kind,
        index,
        subject: subjectOf(kind, index),
      })),
    )
    .toSorted((a, b) => a.index - b.index);
}

/** Of one function; empty when its first request was not the cold start that it should have been. */
function toPass(
  [cold = 0, ...warm]: readonly number[],
  [first, ...others]: readonly InvocationEvent[],
  reason: 'first' | 'evicted',
): ColdPass {
  if (first?.coldReason !== reason || others.some(({ coldMs }) => coldMs !== undefined))
    return { coldMs: [], warmMs: [], insideColdMs: [], insideWarmMs: [], wakeMs: [] };
  return {
    coldMs: [cold],
    warmMs: warm,
    insideColdMs: [first.durationMs],
    insideWarmMs: others.map(({ durationMs }) => durationMs),
    wakeMs: first.coldMs === undefined ? [] : [first.coldMs],
  };
}

function join(passes: readonly ColdPass[]): ColdPass {
  return {
    coldMs: passes.flatMap(({ coldMs }) => coldMs),
    warmMs: passes.flatMap(({ warmMs }) => warmMs),
    insideColdMs: passes.flatMap(({ insideColdMs }) => insideColdMs),
    insideWarmMs: passes.flatMap(({ insideWarmMs }) => insideWarmMs),
    wakeMs: passes.flatMap(({ wakeMs }) => wakeMs),
  };
}

/** Follows the invocation events of the namespace. */
async function tapEvents({ nc }: Site) {
  const events: InvocationEvent[] = [];
  const client = createControlClient(nc, { namespace: NAMESPACE });
  const tap = await client.tap((event) => events.push(event));
  return {
    /** Waits for so many, which come after the replies, and ends the tap. */
    async all(count: number): Promise<ReadonlyMap<string, readonly InvocationEvent[]>> {
      const deadline = performance.now() + EVENTS_WAIT_MS;
      while (events.length < count && performance.now() < deadline) await sleep(10);
      await tap[Symbol.asyncDispose]();
      return Map.groupBy(events, ({ subject }) => subject);
    },
  };
}
