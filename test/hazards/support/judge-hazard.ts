/** Whether a hazard did what it may, by what was seen of it from outside. */
import { formatDuration, LIMIT_RANGES, parseDuration } from '../../../src/core/index.ts';
import type { HazardBars } from './bars.ts';
import type { Hazard } from './hazard.ts';

/** How much a cell may have beyond its limit when the watchdog sees it. */
const RSS_MARGIN_BYTES = 256 * 1024 ** 2;
/** As the product promises: after so many kills within a minute a function has a cell of its own, */
const KILLS_TO_QUARANTINE = 2;
/** and after so many it is not served any more. */
const KILLS_TO_SUSPEND = 5;
const MIB = 1024 ** 2;

/** What `list` says of a function that kills cells. */
export type Sentence = 'quarantined' | 'suspended' | undefined;

export interface HazardSight {
  /** What its callers heard, each once. */
  readonly outcomes: readonly string[];
  readonly heardMs: number;
  readonly kills: number;
  readonly sentence: Sentence;
  /** Whether it was deployed. */
  readonly deployed: boolean;
  readonly hostAlive: boolean;
  readonly peakBytes: number;
  /** Of all processes of the node, before it was called and at most. */
  readonly calmTotalBytes: number;
  readonly peakTotalBytes: number;
  readonly rssLimitBytes: number;
  readonly logLines: number;
  readonly calls: number;
}

/** @returns the bars that were not held */
export function judgeHazard(hazard: Hazard, sight: HazardSight, bars: HazardBars): readonly string[] {
  return [
    ...judgeOutcomes(hazard, sight, bars),
    ...judgeKills(hazard, sight, bars),
    ...judgeMemory(sight),
    ...(sight.hostAlive ? [] : ['the host died']),
    ...(hazard.logLines === undefined || sight.logLines === hazard.logLines * sight.calls
      ? []
      : [`the feed had ${sight.logLines} lines of it instead of ${hazard.logLines * sight.calls}`]),
  ];
}

function judgeOutcomes(hazard: Hazard, sight: HazardSight, bars: HazardBars): readonly string[] {
  const { outcomes, kills, sentence, heardMs } = sight;
  const expected = new Set(hazard.expects);
  // Its own calls beside the one that killed, and those after the last one that it was allowed.
  if (kills > 0) expected.add('HS_CELL_LOST');
  // Nobody listens while the cell that it has to itself is started anew, or at all once it is suspended.
  if (kills > 0 && sentence !== undefined) expected.add('no responders');
  // Called more often than it is by itself, its calls wait for each other.
  if ((bars.times ?? 1) > hazard.calls && expected.has('HS_FUNCTION_CPU'))
    expected.add('HS_FUNCTION_TIMEOUT');
  const timeoutMs = parseDuration(hazard.limits['timeout'] ?? formatDuration(LIMIT_RANGES.timeoutMs.default));
  return [
    ...outcomes.filter((outcome) => !expected.has(outcome)).map((outcome) => `its caller heard ${outcome}`),
    ...(heardMs > timeoutMs + bars.heardMarginMs ? [`its caller heard after ${Math.round(heardMs)} ms`] : []),
  ];
}

function judgeKills(hazard: Hazard, sight: HazardSight, bars: HazardBars): readonly string[] {
  const { kills, sentence, deployed } = sight;
  if (!bars.killsCount || !deployed || kills === 0) return [];
  const problems = hazard.mayKill ? [] : ['it killed its cell'];
  if (kills > KILLS_TO_SUSPEND) problems.push(`it killed ${kills} cells`);
  if (kills >= KILLS_TO_SUSPEND && sentence !== 'suspended') problems.push('it is not suspended');
  else if (kills >= KILLS_TO_QUARANTINE && sentence === undefined) problems.push('it is not quarantined');
  return problems;
}

function judgeMemory(sight: HazardSight): readonly string[] {
  const { peakBytes, calmTotalBytes, peakTotalBytes, rssLimitBytes } = sight;
  const most = rssLimitBytes + RSS_MARGIN_BYTES;
  const grown = peakTotalBytes - calmTotalBytes;
  return [
    ...(peakBytes > most ? [`it took ${Math.round(peakBytes / MIB)} MiB`] : []),
    // One cell may go up to its limit; all others stay what they were.
    ...(grown > most ? [`the node grew by ${Math.round(grown / MIB)} MiB`] : []),
  ];
}
