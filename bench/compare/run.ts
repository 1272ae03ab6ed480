import { resolve } from 'node:path';
import { createColors } from 'picocolors';
import { createProgress } from '../progress.ts';
import { readResults, writeText } from '../results-file.ts';
import { compareResults } from './files.ts';
import type { CompareOptions, TurnsPlan } from './options.ts';
import { renderComparison } from './print.ts';
import { checkOut, ROOT } from './revision.ts';
import { candidatesOfPairs } from './turn-figures.ts';
import { measureInTurns } from './turns.ts';
import { type Comparison, type JudgeOptions, judgeAll } from './verdict.ts';

/** What a comparison found; with `--json` as it is. */
export interface ComparisonReport {
  /** What was compared: a file or a commit. */
  readonly base: string;
  readonly head: string;
  readonly comparisons: readonly Comparison[];
  readonly notes: readonly string[];
}

const INTERRUPTED = 130;

/** Compares and prints; the exit code is 1 when something got worse and that is an error. */
export async function runCompare({ source, jsonFile, assert, ...judge }: CompareOptions): Promise<void> {
  const report =
    source.kind === 'files'
      ? compareFiles(source.base, source.head, judge)
      : await compareRevision(source.base, source.plan, judge);
  if (report === undefined) {
    process.exitCode = INTERRUPTED;
    return;
  }
  const json = `${JSON.stringify(report, undefined, 2)}\n`;
  if (jsonFile === '-') process.stdout.write(json);
  else console.log(renderComparison(report, createColors(process.stdout.hasColors?.() ?? false)));
  if (jsonFile !== undefined && jsonFile !== '-') writeText(resolve(jsonFile), json);
  if (assert && report.comparisons.some(({ verdict }) => verdict === 'worse')) process.exitCode = 1;
}

function compareFiles(base: string, head: string, judge: JudgeOptions): ComparisonReport {
  return { base, head, ...compareResults(readResults(base), readResults(head), judge) };
}

/** @returns undefined when Ctrl-C ended it; what it started is stopped and removed then, too */
async function compareRevision(
  base: string,
  plan: TurnsPlan,
  judge: JudgeOptions,
): Promise<ComparisonReport | undefined> {
  const progress = createProgress();
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  try {
    await using revision = await checkOut(base, { note: progress.done });
    const pairs = await measureInTurns({
      plan,
      base: revision.folder,
      head: ROOT,
      progress: progress.update,
      signal: interrupted.signal,
    });
    const windows = `${plan.starts} starts, ${plan.rounds} windows of ${plan.windowMs} ms of each commit in every start, in turns`;
    progress.done(windows);
    const comparisons = judgeAll(candidatesOfPairs(pairs), judge);
    const isNoisy = comparisons.some(({ verdict }) => verdict === 'too noisy to tell');
    const hint = `More windows tell more: --rounds ${2 * plan.rounds} --starts ${plan.starts + 4}, on a machine that does nothing else`;
    return {
      base: `${base} (${revision.commit})`,
      head: 'the working tree',
      comparisons,
      notes: isNoisy ? [hint] : [],
    };
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    progress.done('interrupted');
    return undefined;
  }
}
