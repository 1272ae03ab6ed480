import { HairspringError } from '../../core/index.ts';
import type { LoadWindow, OpenLoadWindow, Target } from '../../measure/index.ts';
import { type BenchRun, badReplies, type Stage } from './bench-run.ts';

interface WindowParams {
  readonly target: Target;
  readonly warmupMs: number;
  readonly windowMs: number;
  readonly responder: readonly number[];
}

/** A window with so many requests kept under way. @throws the code of the first error reply */
export async function closedWindow(
  run: BenchRun,
  { generator }: Stage,
  { responder, ...params }: WindowParams & { readonly inFlight: number },
): Promise<LoadWindow> {
  const { site, unlessOver } = run;
  const pids = { server: [site.server.pid], responder };
  const window = await unlessOver(generator.call('load', { ...params, pids }));
  return checked(run, window, `at ${params.inFlight} in flight`);
}

/** A window with so many arrivals in a second. @throws the code of the first error reply */
export async function openWindow(
  run: BenchRun,
  { generator }: Stage,
  { responder, ...params }: WindowParams & { readonly perSecond: number; readonly maxOutstanding: number },
): Promise<OpenLoadWindow> {
  const { site, unlessOver } = run;
  const pids = { server: [site.server.pid], responder };
  const window = await unlessOver(generator.call('openLoad', { ...params, pids }));
  return checked(run, window, `at ${params.perSecond} a second`);
}

function checked<W extends LoadWindow>(
  { prepared }: BenchRun,
  window: W & { readonly wrongCode: string | null },
  where: string,
): W {
  const { wrong, lost, requests, firstWrong, wrongCode } = window;
  if (wrong + lost === 0) return window;
  throw badReplies(prepared.manifest.name, {
    where,
    count: wrong + lost,
    of: Math.max(requests, wrong) + lost,
    code: wrongCode ?? undefined,
    text: firstWrong ?? '',
  });
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
