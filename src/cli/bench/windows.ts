import { HairspringError } from '../../core/index.ts';
import type { CountedCodes, LoadPids, LoadWindow, OpenLoadWindow, Target } from '../../measure/index.ts';
import type { BenchRun, Stage } from './bench-run.ts';
import { isBurst, type Replies } from './strays.ts';

interface WindowParams {
  readonly target: Target;
  readonly warmupMs: number;
  readonly windowMs: number;
  /** Asked before each window, as a cell may have been ended. */
  readonly responder: () => Promise<readonly number[]>;
}

/** A window with so many requests kept under way. @throws the code of errors that are more than strays */
export async function closedWindow(
  run: BenchRun,
  { generator }: Stage,
  { responder, ...params }: WindowParams & { readonly inFlight: number },
): Promise<LoadWindow> {
  return await checked(run, `at ${params.inFlight} in flight`, async () => {
    const pids = await pidsOf(run, responder);
    return await run.unlessOver(generator.call('load', { ...params, pids }));
  });
}

/** A window with so many arrivals in a second. @throws the code of errors that are more than strays */
export async function openWindow(
  run: BenchRun,
  { generator }: Stage,
  { responder, ...params }: WindowParams & { readonly perSecond: number; readonly maxOutstanding: number },
): Promise<OpenLoadWindow> {
  return await checked(run, `at ${params.perSecond} a second`, async () => {
    const pids = await pidsOf(run, responder);
    return await run.unlessOver(generator.call('openLoad', { ...params, pids }));
  });
}

async function pidsOf({ site }: BenchRun, responder: WindowParams['responder']): Promise<LoadPids> {
  return { server: [site.server.pid], responder: await responder() };
}

/** A window with a burst of errors is taken again, once. */
async function checked<W extends LoadWindow>(
  { prepared, strays }: BenchRun,
  where: string,
  take: () => Promise<W & CountedCodes>,
): Promise<W> {
  const first = await take();
  const replies = repliesOf(first, where);
  if (!isBurst(replies)) {
    strays.judge(prepared.manifest.name, replies);
    return first;
  }
  strays.count(replies);
  const second = await take();
  strays.judge(prepared.manifest.name, repliesOf(second, where));
  return second;
}

function repliesOf(
  { wrong, lost, requests, firstWrong, codes }: LoadWindow & CountedCodes,
  where: string,
): Replies {
  const all = Math.max(requests, wrong) + lost;
  return { where, requests: all, bad: wrong + lost, codes, text: firstWrong ?? '' };
}

/** Codes of requests that a function answers when there are fewer of them. */
const TOO_MANY: readonly string[] = ['HS_FUNCTION_OVERLOADED', 'HS_FUNCTION_TIMEOUT'];

/** What `take` finds, or why there are too many requests at once for it. @throws all other errors */
export async function unlessTooMany<W>(take: () => Promise<W>): Promise<W | HairspringError> {
  try {
    return await take();
  } catch (error) {
    if (HairspringError.is(error) && TOO_MANY.includes(error.code)) return error;
    throw error;
  }
}
