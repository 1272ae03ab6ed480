/** What is asked of a node while a hazard runs. */
export interface HazardBars extends NeighbourBars {
  /** How much later than its time-out a caller of the hazard may hear. */
  readonly heardMarginMs: number;
  /** Whether a cell must live where the hazard says so; on a busy machine the watchdog sees hangs that are none. */
  readonly killsCount: boolean;
  /** Time before and after the hazard's calls in which the neighbour is called as well. */
  readonly calmMs: number;
  /** How often a hazard is called at least. @default as often as it says */
  readonly times?: number;
  /** Whether the neighbour has a namespace, and so a cell, of its own: then none of its calls may be lost. */
  readonly apart?: boolean;
}

/** What the neighbour may notice. */
export interface NeighbourBars {
  readonly neighbourPerSecond: number;
  /** From the first call of the hazard on, unless twice the calm p99 is more. */
  readonly neighbourP99Ms: number;
  /** In each single second of that, in the same way. */
  readonly secondP99Ms: number;
  /** Whether hazards with a bar of their own for the second half of their calls are held to it. */
  readonly settles: boolean;
  /** Above this the machine is too busy to tell. */
  readonly calmP99Ms: number;
  /** Whether only calls that were in flight may be lost; on a busy machine no cell is in place in time. */
  readonly lossCounts: boolean;
  /** The p99 is not of calls so near to a kill. */
  readonly nearKillMs: number;
  /** A neighbour that was last heard so long before a call was sent had not begun it when its cell was killed. */
  readonly unheardMs: number;
  /** How long after a kill the neighbour may take to answer what is sent then. */
  readonly replacedMs: number;
}

/**
 * Those of `npm run hazards`. Twice the calm p99 would be some 6 ms, and a function may hold the thread of its cell for
 * 50 ms before it is stopped or moved, so 50 ms is the least that is asked of a neighbour in the same cell. One in
 * another cell shares the processors only: there it is what a process waits for its turn among those of the run. Of a
 * single second in which an entry takes its whole limit, the slowest hundredth has waited for longer than that: for what
 * has gathered meanwhile as well.
 */
export function fullBars(options: {
  readonly rate: number;
  readonly calmMs: number;
  readonly times: number;
  readonly apart: boolean;
}): HazardBars {
  const { rate, calmMs, times, apart } = options;
  return {
    neighbourPerSecond: rate,
    times,
    apart,
    calmMs,
    heardMarginMs: 500,
    killsCount: true,
    neighbourP99Ms: apart ? 30 : 50,
    secondP99Ms: apart ? 50 : 100,
    settles: true,
    calmP99Ms: 50,
    lossCounts: true,
    nearKillMs: 500,
    unheardMs: 50,
    replacedMs: 500,
  };
}

const NO_BAR = Number.POSITIVE_INFINITY;

/** Those of the tests, whose machine is busy: only silence is too long. */
export const BUSY_BARS: HazardBars = {
  neighbourPerSecond: 200,
  heardMarginMs: 10_000,
  killsCount: false,
  calmMs: 100,
  neighbourP99Ms: NO_BAR,
  secondP99Ms: NO_BAR,
  settles: false,
  calmP99Ms: NO_BAR,
  lossCounts: false,
  nearKillMs: 500,
  unheardMs: NO_BAR,
  replacedMs: NO_BAR,
};
