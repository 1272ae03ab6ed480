/** Runs one hazard beside a neighbour in the same cell, and judges it from outside. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlClient } from '../../../src/control/index.ts';
import { HairspringError } from '../../../src/core/index.ts';
import { deployTo, isAlive } from '../../support/host.ts';
import { type Answer, ask, until } from '../../support/load.ts';
import { askByHttp } from './ask-by-http.ts';
import type { HazardBars } from './bars.ts';
import { bindingsOf } from './bindings.ts';
import { callHazard, outcomeOf } from './call-hazard.ts';
import type { Hazard, HazardClass } from './hazard.ts';
import type { HazardHost } from './hazard-host.ts';
import { judgeHazard, type Sentence } from './judge-hazard.ts';
import { judgeNeighbour, type NeighbourFigures } from './judge-neighbour.ts';
import type { NeighbourCall } from './neighbour.ts';
import { type ProcessWatch, watchProcesses } from './process-watch.ts';
import { forgedHeaders, watchFeeds } from './witness.ts';

export interface HazardResult {
  readonly name: string;
  readonly hazardClass: HazardClass;
  /** What its callers heard, each once, in the order in which they heard it. */
  readonly outcomes: readonly string[];
  /** Until the slowest of its callers heard. */
  readonly heardMs: number;
  readonly kills: number;
  readonly sentence: Sentence;
  readonly neighbour: NeighbourFigures;
  /** Of the largest process of the node. */
  readonly peakBytes: number;
  /** Of all processes of the node at one time. */
  readonly peakTotalBytes: number;
  /** Bars that were not held; empty when all is well. */
  readonly problems: readonly string[];
  /** Bars of time that were not held, which may be the machine's fault. */
  readonly slow: readonly string[];
}

/** How often new cells are looked for. */
const FOLLOW_MS = 50;
let lastNamespace = 0;

/** In a namespace of its own, and so in a cell that no other hazard has been in. */
export async function runHazard(world: HazardHost, hazard: Hazard, bars: HazardBars): Promise<HazardResult> {
  lastNamespace += 1;
  const namespace = `hazard-${lastNamespace}`;
  const client = world.client(namespace);
  const { apart = false, times = 1 } = bars;
  const neighbourhood = apart ? `${namespace}-beside` : namespace;
  const beside = world.client(neighbourhood);
  await deployNeighbour(world, beside, neighbourhood, `${namespace}.neighbour`);
  using feeds = await watchFeeds(world.nc, namespace);
  using watch = watchProcesses([world.host.pid, ...(await world.host.cellPids())]);
  const refusal = await deployHazard(world, client, hazard, namespace);
  let answers: readonly Answer[] = [];
  let calls: readonly NeighbourCall[] = [];
  let calledAtMs = 0;
  let heardAtMs = 0;
  let calmTotalBytes = watch.totalBytes();
  if (refusal === undefined) {
    await using _following = await followCells(world, watch);
    world.neighbours.start(`${namespace}.neighbour`, bars.neighbourPerSecond);
    await sleep(bars.calmMs);
    calmTotalBytes = watch.totalBytes();
    calledAtMs = Date.now();
    answers = await callHazard(
      (payload) => askHazard(world, hazard, namespace, payload),
      Math.max(times, hazard.calls),
      hazard.calls,
    );
    heardAtMs = Date.now();
    await sleep(bars.calmMs);
    calls = await world.neighbours.stop();
  }
  const dead = (await world.host.deaths()).filter((death) => death.namespace === namespace);
  const deathsMs = dead.map(({ pid }) => watch.deathsMs.get(pid)).filter((atMs) => atMs !== undefined);
  const sight = {
    outcomes: refusal === undefined ? [...new Set(answers.map(outcomeOf))] : [refusal],
    heardMs: Math.max(0, ...answers.map(({ tookMs }) => tookMs)),
    kills: dead.length,
    sentence: await sentenceOf(client),
    deployed: refusal === undefined,
    hostAlive: isAlive(world.host.pid),
    peakBytes: watch.peakBytes,
    calmTotalBytes,
    peakTotalBytes: watch.peakTotalBytes,
    rssLimitBytes: world.rssLimitBytes,
    logLines: feeds.lines,
    calls: answers.length,
  };
  const neighbour = judgeNeighbour(calls, { ...hazard, calledAtMs, heardAtMs, deathsMs, apart }, bars);
  const problems = [
    ...judgeHazard(hazard, sight, bars),
    ...new Set(answers.flatMap(({ headers }) => forgedHeaders(headers, namespace))),
    ...feeds.problems,
    ...neighbour.problems,
    ...(await cleanUp({ hazard: client, neighbour: beside })),
  ];
  const { name, hazardClass } = hazard;
  return { name, hazardClass, ...sight, neighbour: neighbour.figures, problems, slow: neighbour.slow };
}

/** Cells that are killed have successors, which may be killed as well. */
async function followCells({ host }: HazardHost, watch: ProcessWatch): Promise<AsyncDisposable> {
  let stopped = false;
  const look = async (): Promise<void> => watch.add(await host.cellPids());
  await look();
  const following = (async () => {
    while (!stopped) {
      await sleep(FOLLOW_MS);
      await look();
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      await following;
    },
  };
}

async function deployNeighbour(
  world: HazardHost,
  client: ControlClient,
  namespace: string,
  subject: string,
): Promise<void> {
  await deployTo(world.nc, client, {
    name: 'neighbour',
    code: 'export default { message: () => "here" };',
    namespace,
    nodeId: world.host.nodeId,
    triggers: [subject],
    // What comes in while a kill is on its way is to be served late, and not refused.
    limits: { queue: 10_000, cpu: `${world.inlineCpuMs}ms` },
  });
  await until('the neighbour is served', async () => (await ask(world.nc, subject)).outcome === 'ok');
}

/** @returns the code with which it was refused */
async function deployHazard(
  world: HazardHost,
  client: ControlClient,
  { code, limits, binds, byHttp }: Hazard,
  namespace: string,
): Promise<string | undefined> {
  const bindings = bindingsOf(binds, { namespace, httpUrl: world.httpUrl });
  try {
    await deployTo(world.nc, client, {
      name: 'hazard',
      code,
      namespace,
      nodeId: world.host.nodeId,
      triggers: [byHttp ? { http: { route: '/', methods: ['POST'] } } : `${namespace}.hazard`],
      limits: { cpu: '50ms', ...limits },
      bindings,
      // What it cannot know: where it is.
      environment: { SUBJECTS: namespace, URL_BASE: world.httpUrl },
    });
    return undefined;
  } catch (error) {
    return HairspringError.from(error).code;
  }
}

function askHazard(
  { host, nc }: HazardHost,
  { byHttp }: Hazard,
  namespace: string,
  payload: string,
): Promise<Answer> {
  return byHttp ? askByHttp(host.httpUrl ?? '', namespace, payload) : ask(nc, `${namespace}.hazard`, payload);
}

async function sentenceOf(client: ControlClient): Promise<Sentence> {
  const [listed] = (await client.list()).filter(({ name }) => name === 'hazard');
  const { hairspring_suspended: suspended, hairspring_quarantined: quarantined } = listed?.metadata ?? {};
  if (suspended !== undefined) return 'suspended';
  return quarantined === undefined ? undefined : 'quarantined';
}

/** @returns what went wrong with it */
async function cleanUp(clients: Readonly<Record<string, ControlClient>>): Promise<readonly string[]> {
  const problems: string[] = [];
  const leaving = Object.entries(clients).map(([name, client]) => client.undeploy(name));
  for (const left of await Promise.allSettled(leaving)) {
    // What was refused is not there.
    if (left.status === 'rejected' && HairspringError.from(left.reason).code !== 'HS_FUNCTION_NOT_FOUND')
      problems.push(`it cannot be undeployed: ${left.reason}`);
  }
  for (const client of Object.values(clients))
    if ((await client.list()).length > 0) problems.push('something of it was left');
  return problems;
}
