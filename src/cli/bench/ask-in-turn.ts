import type { Target, TimedRequest } from '../../measure/index.ts';
import type { BenchRun, Stage } from './bench-run.ts';
import { BUSY_CODES } from './strays.ts';

interface Turns {
  readonly targets: readonly Target[];
  readonly pauseMs: number;
  /** What to do about wrong replies. */
  readonly hint?: string | undefined;
}

/** Requests one after the other. @throws the code of errors that are more than strays */
export async function askInTurn(
  { prepared, strays, unlessOver }: BenchRun,
  { generator }: Stage,
  { hint, ...turns }: Turns,
): Promise<readonly TimedRequest[]> {
  const requests = await unlessOver(generator.call('sequence', { ...turns, goOnAfter: BUSY_CODES }));
  const wrong = requests.flatMap((request) => request.wrong ?? []);
  const codes = Map.groupBy(
    wrong.flatMap(({ code }) => code ?? []),
    (code) => code,
  );
  strays.judge(prepared.manifest.name, {
    where: 'one after the other',
    requests: requests.length,
    bad: wrong.length,
    codes: [...codes].map(([code, all]) => [code, all.length]),
    text: wrong[0]?.text ?? '',
    hint,
  });
  return requests;
}
