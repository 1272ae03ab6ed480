/**
 * A cell, the host and nats-server are stopped for a while under full load, one after the other: none may crash
 * when it goes on, and each caller hears something.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../support/host.ts';
import type { DriverStats } from '../driver.ts';
import type { SoakOptions } from '../options.ts';
import { BUSY_ODDS, judgeOutcomes, type OddBars } from '../outcomes.ts';
import { type Findings, judgeLoad } from '../report.ts';
import type { Verdict } from '../verdict.ts';
import type { SoakWorld } from '../world.ts';

const IN_FLIGHT = 256;
const FUNCTIONS = ['echo', 'json', 'timers', 'kv', 'tails', 'churned', 'patient', 'lasting'];
/** What is under way when a process is stopped is late, and a host call of it fails. */
const STOPPED_ODDS: OddBars = { share: 0.02, kinds: [...BUSY_ODDS.kinds, 'HS_FUNCTION_THREW'] };
const BEFORE_MS = 3_000;
const AFTER_MS = 5_000;

export async function runSigstop(
  world: SoakWorld,
  { stopSeconds }: SoakOptions,
  print: (line: string) => void,
): Promise<Findings> {
  await world.driver.call('start', { functions: FUNCTIONS, perSecond: 0, inFlight: IN_FLIGHT });
  const verdicts: Verdict[] = [];
  const notes: string[] = [];
  for (const who of ['cell', 'host', 'nats-server'] as const) {
    await sleep(BEFORE_MS);
    const cells = await world.host.call('cellPids', null);
    const pid = { cell: cells[0] ?? 0, host: world.host.pid, 'nats-server': world.nats.pid }[who];
    print(`${who} (${pid}) is stopped for ${stopSeconds} s`);
    const before = await world.driver.call('stats', null);
    process.kill(pid, 'SIGSTOP');
    await sleep(stopSeconds * 1_000);
    process.kill(pid, 'SIGCONT');
    const resumed = await world.driver.call('stats', null);
    await sleep(AFTER_MS);
    const after = await world.driver.call('stats', null);
    const cellsAfter = await world.host.call('cellPids', null);
    const perSecond = (after.ok - resumed.ok) / (AFTER_MS / 1_000);
    notes.push(
      `${who}: ${resumed.ok - before.ok} ok while stopped, ${perSecond.toFixed(0)} ok a second after; not ok in all: ${JSON.stringify(between(before, after))}`,
    );
    verdicts.push(
      {
        what: `${who}: lives on`,
        figure:
          isAlive(pid) && String(cells) === String(cellsAfter) ? 'yes' : `${cells} became ${cellsAfter}`,
        limit: 'yes',
        passed: isAlive(pid) && String(cells) === String(cellsAfter),
      },
      {
        what: `${who}: load goes on`,
        figure: `${perSecond.toFixed(0)} a second`,
        limit: '> 100',
        passed: perSecond > 100,
      },
    );
  }
  const load = await world.driver.call('stop', null);
  notes.push(
    `server: ${world.serverWarnings.length} warnings${world.serverWarnings.slice(0, 3).map((line) => `\n  ${line}`)}`,
  );
  verdicts.push(...judgeLoad(load), ...judgeOutcomes(load.outcomes, FUNCTIONS, STOPPED_ODDS));
  return { load, samples: [], verdicts, notes };
}

/** Answers that were no good ones, by outcome. */
function between(before: DriverStats, after: DriverStats): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [name, outcomes] of Object.entries(after.outcomes)) {
    for (const [outcome, count] of Object.entries(outcomes)) {
      const added = count - (before.outcomes[name]?.[outcome] ?? 0);
      if (outcome !== 'ok' && added > 0) counts[outcome] = (counts[outcome] ?? 0) + added;
    }
  }
  return counts;
}
