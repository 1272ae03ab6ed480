/** Guests burn all the CPU that they may: the host's event loop and the server must hardly feel it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { handler } from '../../support/host.ts';
import type { SoakOptions } from '../options.ts';
import { BUSY_ODDS, judgeOutcomes } from '../outcomes.ts';
import { type Findings, judgeLoad } from '../report.ts';
import { sampleServer } from '../sample.ts';
import type { SoakWorld } from '../world.ts';

const MAX_LAG_MS = 50;
const BURNERS = 8;
const FUNCTIONS = ['echo', 'json', 'kv'];
/** Requests under way for each burner; each runs into its CPU limit. */
const IN_FLIGHT = 8;

export async function runSlowGuest(
  world: SoakWorld,
  { minutes, perSecond }: SoakOptions,
  print: (line: string) => void,
): Promise<Findings> {
  const { nc } = world;
  const burners = Array.from({ length: BURNERS }, (_, index) => `slow-${index}`);
  for (const name of burners)
    await world.deploy({ name, code: handler('for (;;) {}'), limits: { cpu: '50ms', timeout: '20s' } });
  await world.driver.call('start', {
    functions: FUNCTIONS,
    perSecond: Math.min(perSecond, 200),
    inFlight: 0,
  });
  await world.host.call('loopLag', null);
  print(`${BURNERS} functions burn CPU for ${minutes} min`);
  const endMs = performance.now() + minutes * 60_000;
  let burnt = 0;
  const burn = async (name: string): Promise<void> => {
    while (performance.now() < endMs) {
      await nc.request(name, '', { timeout: 30_000 });
      burnt += 1;
    }
  };
  await Promise.all(burners.flatMap((name) => Array.from({ length: IN_FLIGHT }, () => burn(name))));
  const lag = await world.host.call('loopLag', null);
  const server = await sampleServer(world.monitorUrl);
  await sleep(1_000);
  const load = await world.driver.call('stop', null);
  const slowLines = world.serverWarnings.filter((line) => /slow consumer/i.test(line)).length;
  return {
    load,
    samples: [],
    verdicts: [
      ...judgeLoad(load),
      ...judgeOutcomes(load.outcomes, FUNCTIONS, BUSY_ODDS),
      {
        what: 'host: event loop lag, p99.9',
        figure: `${lag.p999Ms.toFixed(1)} ms (at most ${lag.maxMs.toFixed(1)} ms)`,
        limit: `<= ${MAX_LAG_MS} ms`,
        passed: lag.p999Ms <= MAX_LAG_MS,
      },
      {
        what: 'server: slow consumers',
        figure: `${server.slowConsumers}, ${slowLines} lines in its log`,
        limit: '0',
        passed: server.slowConsumers === 0 && slowLines === 0,
      },
    ],
    notes: [`${burnt} burners were ended`],
  };
}
