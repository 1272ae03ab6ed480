/** Runs one hazard beside a neighbour in the same cell, and judges it from outside. */

import { formatDuration, HairspringError, LIMIT_RANGES, parseDuration } from '../../../src/core/index.ts';
import { deployTo, isAlive } from '../../support/host.ts';
import { type Answer, ask, until } from '../../support/load.ts';
import type { Hazard } from './hazard.ts';
import type { HazardHost } from './hazard-host.ts';
import type { NeighbourCall } from './neighbour.ts';
import { watchProcesses } from './process-watch.ts';

export interface HazardBars {
  readonly neighbourPerSecond: number;
  /** How much later than its time-out a caller of the hazard may hear. */
  readonly heardMarginMs: number;
  /** Of calls that no kill was near. */
  readonly neighbourP99Ms: number;
  /** Calls so near to a kill are not held against it. */
  readonly nearKillMs: number;
  /** Whether a cell must live where the hazard says so; on a busy machine the watchdog sees hangs that are none. */
  readonly killsCount: boolean;
  /** Time before and after the hazard's calls in which the neighbour is called as well. */
  readonly calmMs: number;
  /** How often a hazard is called at least. @default as often as it says */
  readonly times?: number;
  /** Whether the neighbour has a namespace, and so a cell, of its own: then none of its calls may be lost. */
  readonly apart?: boolean;
}

export interface HazardResult {
  readonly name: string;
  readonly hazardClass: string;
  /** What its callers heard, each once, in the order in which they heard it. */
  readonly outcomes: readonly string[];
  /** Until the slowest of its callers heard. */
  readonly heardMs: number;
  readonly kills: number;
  readonly neighbour: {
    readonly calls: number;
    /** Heard that their cell was gone. */
    readonly lost: number;
    readonly p99Ms: number;
    /** The same of the calls before the hazard was called: what the machine itself makes of it. */
    readonly calmP99Ms: number;
  };
  /** Of the largest process of the node. */
  readonly peakBytes: number;
  /** Bars that were not held; empty when all is well. */
  readonly problems: readonly string[];
}

/** How much a cell may have beyond its limit when the watchdog sees it. */
const RSS_MARGIN_BYTES = 256 * 1024 ** 2;
/** What `list` says of a function that kills cells. */
const SENTENCES = ['hairspring_quarantined', 'hairspring_suspended'];
/** How often new cells are looked for. */
const FOLLOW_MS = 50;
/** Called at once; more of one hazard's calls wait for these. */
const AT_ONCE = 4;
let lastNamespace = 0;

/** In a namespace of its own, and so in a cell that no other hazard has been in. */
export async function runHazard(world: HazardHost, hazard: Hazard, bars: HazardBars): Promise<HazardResult> {
  lastNamespace += 1;
  const namespace = `hazard-${lastNamespace}`;
  const subject = `${namespace}.hazard`;
  const client = world.client(namespace);
  const { apart = false, times = 1 } = bars;
  const neighbourhood = apart ? `${namespace}-beside` : namespace;
  const { nodeId } = world.host;
  const problems: string[] = [];
  const code = 'export default { message: () => "here" };';
  await deployTo(world.nc, world.client(neighbourhood), {
    name: 'neighbour',
    code,
    namespace: neighbourhood,
    nodeId,
    triggers: [`${namespace}.neighbour`],
    // What comes in while a kill is on its way is to be served late, and not refused.
    limits: { queue: 10_000, cpu: `${world.inlineCpuMs}ms` },
  });
  using watch = watchProcesses([world.host.pid, ...(await world.host.cellPids())]);
  await until('the neighbour is served', async () =>
    (await ask(world.nc, `${namespace}.neighbour`)).outcome === 'ok' ? true : undefined,
  );
  const [refused] = await Promise.allSettled([
    deployTo(world.nc, client, {
      name: 'hazard',
      code: hazard.code,
      namespace,
      nodeId,
      triggers: [subject],
      limits: { cpu: '50ms', ...hazard.limits },
      bindings:
        hazard.grantedKeys === undefined
          ? {}
          : { KV: { kv: namespace, access: 'read-write', keys: hazard.grantedKeys } },
    }),
  ]);
  const before = watch.deathsMs.length;
  const outcomes: string[] = [];
  let heardMs = 0;
  let calledAtMs = 0;
  let calls: readonly NeighbourCall[] = [];
  let isSentenced = false;
  if (refused.status === 'rejected') outcomes.push(HairspringError.from(refused.reason).code);
  else {
    // Cells that are killed have successors, which may be killed as well.
    const follow = async (): Promise<void> => watch.add(await world.host.cellPids());
    await follow();
    const following = setInterval(() => void follow(), FOLLOW_MS);
    world.neighbours.start(`${namespace}.neighbour`, bars.neighbourPerSecond);
    await pause(bars.calmMs);
    calledAtMs = Date.now();
    const answers = await callHazard(world, subject, Math.max(times, hazard.calls), hazard.calls);
    heardMs = Math.max(...answers.map(({ tookMs }) => tookMs));
    outcomes.push(...new Set(answers.map(outcomeOf)));
    await pause(bars.calmMs);
    clearInterval(following);
    const [listed] = (await client.list()).filter(({ name }) => name === 'hazard');
    isSentenced = SENTENCES.some((sentence) => listed?.metadata[sentence] !== undefined);
    calls = await world.neighbours.stop();
  }
  const deaths = watch.deathsMs.slice(before);
  const expected = new Set(hazard.expects);
  // Its own calls beside the one that killed, and those after the last one that it was allowed.
  if (deaths.length > 0) expected.add('HS_CELL_LOST');
  // Nobody listens while the cell that it has to itself is started anew, or at all once it is suspended.
  if (deaths.length > 0 && isSentenced) expected.add('no responders');
  // Called more often than it is by itself, its calls wait for each other.
  if (times > hazard.calls && expected.has('HS_FUNCTION_CPU')) expected.add('HS_FUNCTION_TIMEOUT');
  for (const outcome of outcomes) if (!expected.has(outcome)) problems.push(`its caller heard ${outcome}`);
  const timeoutMs = parseDuration(hazard.limits['timeout'] ?? formatDuration(LIMIT_RANGES.timeoutMs.default));
  if (heardMs > timeoutMs + bars.heardMarginMs)
    problems.push(`its caller heard after ${Math.round(heardMs)} ms`);
  if (bars.killsCount && deaths.length > 0 && !hazard.mayKill && refused.status === 'fulfilled')
    problems.push('it killed its cell');
  if (!isAlive(world.host.pid)) problems.push('the host died');
  if (watch.peakBytes > world.rssLimitBytes + RSS_MARGIN_BYTES)
    problems.push(`it took ${Math.round(watch.peakBytes / 1024 ** 2)} MiB`);
  const deathsMs = apart ? [] : deaths;
  const neighbour = judgeNeighbour(calls, { deathsMs, calledAtMs }, bars, problems);
  await cleanUp(world, { hazard: namespace, neighbour: neighbourhood }, problems);
  return {
    name: hazard.name,
    hazardClass: hazard.hazardClass,
    outcomes,
    heardMs,
    kills: deaths.length,
    neighbour,
    peakBytes: watch.peakBytes,
    problems,
  };
}

/** Each call has its number as its payload, and begins anew after `kinds` of them. */
async function callHazard(
  world: HazardHost,
  subject: string,
  calls: number,
  kinds: number,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < calls) {
      const index = next;
      next += 1;
      answers.push(await ask(world.nc, subject, String(index % kinds)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return answers;
}

/** A reply that does not say so is an escape, and is shown as it is. */
function outcomeOf({ outcome, text }: Answer): string {
  if (outcome !== 'ok' || /^\[?"?contained/.test(text)) return outcome;
  return `ok with ${text === '' ? 'nothing' : text.slice(0, 120)}`;
}

function judgeNeighbour(
  calls: readonly NeighbourCall[],
  { deathsMs, calledAtMs }: { readonly deathsMs: readonly number[]; readonly calledAtMs: number },
  bars: HazardBars,
  problems: string[],
): HazardResult['neighbour'] {
  const isNear = ({ sentAtMs, tookMs }: NeighbourCall): boolean =>
    deathsMs.some((at) => sentAtMs < at + bars.nearKillMs && sentAtMs + tookMs > at - bars.nearKillMs);
  const bad = calls.filter(({ outcome }) => outcome !== 'ok');
  const lost = bad.filter((call) => call.outcome === 'HS_CELL_LOST' && isNear(call));
  const others = [...new Set(bad.filter((call) => !lost.includes(call)).map(({ outcome }) => outcome))];
  if (others.length > 0) problems.push(`the neighbour's callers heard ${others.join(', ')}`);
  const p99Ms = p99(calls.filter((call) => !isNear(call)));
  const calmP99Ms = p99(calls.filter(({ sentAtMs, tookMs }) => sentAtMs + tookMs < calledAtMs));
  if (p99Ms > bars.neighbourP99Ms) problems.push(`the neighbour's p99 was ${p99Ms.toFixed(1)} ms`);
  return { calls: calls.length, lost: lost.length, p99Ms, calmP99Ms };
}

function p99(calls: readonly NeighbourCall[]): number {
  const times = calls.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)] ?? 0;
}

async function cleanUp(
  world: HazardHost,
  namespaces: Readonly<Record<'hazard' | 'neighbour', string>>,
  problems: string[],
): Promise<void> {
  const clients = Object.entries(namespaces).map(([name, namespace]) => ({
    name,
    client: world.client(namespace),
  }));
  const leaving = clients.map(({ name, client }) => client.undeploy(name));
  for (const left of await Promise.allSettled(leaving)) {
    // What was refused is not there.
    if (left.status === 'rejected' && HairspringError.from(left.reason).code !== 'HS_FUNCTION_NOT_FOUND')
      problems.push(`it cannot be undeployed: ${left.reason}`);
  }
  for (const { client } of clients)
    if ((await client.list()).length > 0) problems.push('something of it was left');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
