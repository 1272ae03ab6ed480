import type { DriverStats } from './driver.ts';
import type { Sample } from './sample.ts';
import type { Verdict } from './verdict.ts';

/** What a scenario has found. */
export interface Findings {
  readonly load: DriverStats;
  readonly verdicts: readonly Verdict[];
  /** Sentences about what is not judged. */
  readonly notes: readonly string[];
  readonly samples: readonly Sample[];
}

const MIB = 1024 ** 2;

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}

/** One line on how a soak is doing. */
export function progressLine(sample: Sample, load: DriverStats): string {
  const { host, cells, server } = sample;
  const coded = load.sent - load.waiting - load.ok;
  const cellTexts = cells.map((cell) => `${mib(cell.rssBytes)}/${cell.descriptors}/${cell.threads}`);
  return [
    `${sample.seconds.toFixed(0).padStart(5)} s`,
    `sent ${load.sent} ok ${load.ok} coded ${coded} silent ${load.silent} crossed ${load.crossed} extra ${load.extra}`,
    `host ${mib(host.rssBytes)}/${host.descriptors}/${host.threads}`,
    `cells ${cellTexts.join(' ')}`,
    `server ${mib(server.rssBytes)} conns ${server.connections} subs ${server.subscriptions} consumers ${server.consumers}`,
  ].join('  ');
}

/**
 * What callers must never see: silence, another's answer, two answers. When a cell dies, an answer that had just left
 * it may be followed by HS_CELL_LOST: of the two ways to err this is the one in which everybody hears something.
 */
export function judgeLoad(load: DriverStats, cellsDied: boolean = false): readonly Verdict[] {
  const none = (what: string, count: number): Verdict => ({
    what,
    figure: String(count),
    limit: '0',
    passed: count === 0,
  });
  return [
    none('requests left in silence', load.silent),
    none(
      load.firstCrossed === null ? 'crossed answers' : `crossed answers (${load.firstCrossed})`,
      load.crossed,
    ),
    {
      what: 'answers too many',
      figure: String(load.extra),
      limit: cellsDied ? '0, or of a dead cell' : '0',
      passed: load.extra === 0 || cellsDied,
    },
  ];
}

/** The findings as the lines of a report. */
export function renderFindings({ load, verdicts, notes }: Findings): readonly string[] {
  const width = Math.max(...verdicts.map(({ what }) => what.length));
  const figureWidth = Math.max(...verdicts.map(({ figure }) => figure.length));
  return [
    '',
    `sent ${load.sent}, answered ok ${load.ok}, slowest answer ${load.maxMs.toFixed(0)} ms`,
    ...Object.entries(load.outcomes).map(
      ([name, counts]) =>
        `  ${name.padEnd(10)} ${Object.entries(counts)
          .map(([outcome, count]) => `${outcome} ${count}`)
          .join(', ')}`,
    ),
    '',
    ...verdicts.map(
      ({ what, figure, limit, passed }) =>
        `${passed ? '✔' : '✖'} ${what.padEnd(width)}  ${figure.padEnd(figureWidth)}  ${limit}`,
    ),
    '',
    ...notes,
  ];
}
