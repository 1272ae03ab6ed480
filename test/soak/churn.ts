import { setTimeout as sleep } from 'node:timers/promises';
import { HairspringError } from '../../src/core/index.ts';
import { blinkingVersion, churnedVersion } from './functions.ts';
import type { SoakWorld } from './world.ts';

export interface ChurnStats {
  readonly redeploys: number;
  readonly undeploys: number;
  /** What went wrong, and how often. */
  readonly failures: Readonly<Record<string, number>>;
}

/** Deploys that go on until stopped. */
export interface Churn {
  readonly stats: ChurnStats;
  /** Resolves when the last deploy is done and both functions are there. */
  stop(): Promise<void>;
}

/** Puts new code in the place of one function and takes another away and back, each `perSecond` times a second; 0 for none. */
export function startChurn(world: SoakWorld, perSecond: number): Churn {
  const pauseMs = 1_000 / perSecond;
  const failures: Record<string, number> = {};
  const stopped = new AbortController();
  let redeploys = 0;
  let undeploys = 0;
  const attempt = async (action: () => Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      const { code } = HairspringError.from(error);
      failures[code] = (failures[code] ?? 0) + 1;
    }
  };
  const repeat = async (action: () => Promise<void>): Promise<void> => {
    while (!stopped.signal.aborted) {
      await attempt(action);
      await sleep(pauseMs, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  };
  const loops =
    perSecond === 0
      ? []
      : [
          repeat(async () => {
            redeploys += 1;
            await world.deploy(churnedVersion(redeploys));
          }),
          repeat(async () => {
            undeploys += 1;
            await world.undeploy('blinking');
            await world.deploy(blinkingVersion(undeploys));
          }),
        ];
  return {
    get stats() {
      return { redeploys, undeploys, failures };
    },
    async stop() {
      stopped.abort();
      await Promise.all(loops);
    },
  };
}
