import type { Row } from '../../src/measure/index.ts';
import { type BenchRun, type GeneratorChild, openSite, type Site } from '../bench-run.ts';
import { type BenchFunction, deployCopies } from '../deploy.ts';
import { seedNamespaces } from '../seed-namespaces.ts';
import { pidsOf } from './density-rows.ts';
import {
  BESIDE_MS,
  type FairnessWindow,
  fairnessRows,
  NEIGHBOURS,
  type Neighbour,
  QUIET_PER_SECOND,
} from './fairness-rows.ts';

const QUIET_SUBJECT = 'bench.quiet';
const subjectOf = ({ id }: Neighbour): string => `bench.neighbour.${id}`;

/**
 * What a busy function costs a quiet one in the same cell, and one in another cell. Each neighbour has had a while before the first window that
 * counts, in which the cell sees what it is; who asks one of the two has a process of its own.
 */
export async function measureFairness({ plan, progress }: BenchRun): Promise<readonly Row[]> {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await openSite());
  await seedApart(site);
  const host = stack.use(await site.startHost({}));
  await deployAll(site);
  const [asksQuiet, asksNeighbour] = [
    stack.use(await site.startGenerator(plan.payloadBytes)),
    stack.use(await site.startGenerator(plan.payloadBytes)),
  ];
  const { payloadBytes } = plan;
  const pids = { server: [site.nats.pid], responder: await pidsOf(host) };
  const measure = async (neighbour: Neighbour, warmupMs: number, windowMs: number) => {
    const durations = { warmupMs, windowMs };
    const [beside, quiet] = await Promise.all([
      neighbour.inFlight === 0 ? undefined : askNeighbour(asksNeighbour, neighbour, durations),
      asksQuiet.call('openLoad', {
        ...{ subject: QUIET_SUBJECT, payloadBytes, perSecond: QUIET_PER_SECOND, maxOutstanding: 1_024 },
        ...durations,
        pids,
      }),
    ]);
    return { quiet, beside };
  };
  const askNeighbour = (
    generator: GeneratorChild,
    neighbour: Neighbour,
    { warmupMs, windowMs }: { readonly warmupMs: number; readonly windowMs: number },
  ) =>
    generator.call('load', {
      ...{ subject: subjectOf(neighbour), inFlight: neighbour.inFlight, payloadBytes, warmupMs, pids },
      ...(neighbour.namespace === undefined ? {} : { creds: [site.credsOf(neighbour.namespace)] }),
      windowMs: windowMs + BESIDE_MS,
    });
  for (const neighbour of NEIGHBOURS) await measure(neighbour, plan.firstWarmupMs, 1);
  const windows: FairnessWindow[] = [];
  for (let round = 1; round <= plan.fairnessRounds; round += 1) {
    for (const neighbour of round % 2 === 1 ? NEIGHBOURS : NEIGHBOURS.toReversed()) {
      const found = await measure(neighbour, plan.warmupMs, plan.fairnessWindowMs);
      windows.push({ round, neighbour, ...found });
      const p99Ms = (found.quiet.p99Us / 1_000).toFixed(1);
      progress(`round ${round}/${plan.fairnessRounds}  ${neighbour.title}: p99 ${p99Ms} ms`);
    }
  }
  return fairnessRows(windows);
}

/** Into namespaces of their own, where the host finds them when it starts. */
async function seedApart(site: Site): Promise<void> {
  for (const neighbour of NEIGHBOURS)
    if (neighbour.namespace !== undefined)
      await seedNamespaces(site, 'echo.js', functionOf(neighbour), [neighbour.namespace]);
}

function functionOf(neighbour: Neighbour): BenchFunction {
  return { name: `neighbour-${neighbour.id}`, subject: subjectOf(neighbour) };
}

async function deployAll({ nc }: Site): Promise<void> {
  await deployCopies(nc, 'echo.js', [{ name: 'quiet', subject: QUIET_SUBJECT }]);
  for (const neighbour of NEIGHBOURS) {
    const { inFlight, spinMs, namespace } = neighbour;
    if (inFlight === 0 || namespace !== undefined) continue;
    const one = functionOf(neighbour);
    if (spinMs === undefined) await deployCopies(nc, 'echo.js', [one]);
    else await deployCopies(nc, 'spin.js', [{ ...one, environment: { SPIN_MS: String(spinMs) } }]);
  }
}
