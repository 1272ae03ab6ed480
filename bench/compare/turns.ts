/** Measures two commits in turns: base, head, head, base, … so that what drifts meets both. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type Child, median, startChild } from '../../src/measure/index.ts';
import type { GeneratorChild } from '../bench-run.ts';
import type { LoadCommands } from '../load-generator.ts';
import { ARENA_PROTOCOL, type Arena, type ArenaCommands, type ArenaOptions } from './arena-protocol.ts';
import type { Measure, TurnsPlan } from './options.ts';
import { RevisionError } from './revision.ts';
import { FIGURES_OF, type Figures, type Pair } from './turn-figures.ts';

const PAYLOAD_BYTES = 100;
const IN_FLIGHT = 256;
const WARMUP_MS = 150;
/** After a start the pool and the spare cell fill up. */
const SETTLE_MS = 1_000;
const COLD_PER_ROUND = 5;
/** Woken before the first one that counts: a new cell compiles its own code on the first cold start. */
const COLD_UNCOUNTED = 5;
const COLD_PAUSE_MS = 15;
/** A machine that stands still for longer than a limit makes failures that say nothing of a commit: then once more. */
const MOST_TRIES = 3;

export interface TurnsOptions {
  readonly plan: TurnsPlan;
  /** Folders of the two trees. */
  readonly base: string;
  readonly head: string;
  readonly progress: (text: string) => void;
  readonly signal: AbortSignal;
}

/** One commit that is up, and who asks it. */
interface Side extends AsyncDisposable {
  measure(measure: Measure, warmupMs: number): Promise<Figures>;
}

/** The windows of both commits, paired, by measure and start. */
export async function measureInTurns(options: TurnsOptions): Promise<readonly Pair[]> {
  const { plan, signal, progress } = options;
  const pairs: Pair[] = [];
  for (let start = 0; start < plan.starts; start += 1) {
    progress(`start ${start + 1}/${plan.starts}: two nats-servers, two hosts`);
    await using stack = new AsyncDisposableStack();
    const opened = await Promise.allSettled(
      [options.base, options.head].map((tree) => openSide(tree, options)),
    );
    for (const side of opened) if (side.status === 'fulfilled') stack.use(side.value);
    const [base, head] = opened.map((side) => {
      if (side.status === 'rejected') throw side.reason;
      return side.value;
    });
    if (base === undefined || head === undefined) throw new Error('Two trees were to be opened');
    await sleep(SETTLE_MS);
    signal.throwIfAborted();
    for (const side of start % 2 === 0 ? [base, head] : [head, base])
      for (const measure of plan.measures) await side.measure(measure, plan.firstWarmupMs);
    for (let round = 0; round < plan.rounds; round += 1) {
      for (const measure of plan.measures) {
        signal.throwIfAborted();
        const isBaseFirst = (start + round) % 2 === 0;
        const first = await (isBaseFirst ? base : head).measure(measure, WARMUP_MS);
        const second = await (isBaseFirst ? head : base).measure(measure, WARMUP_MS);
        const pair = isBaseFirst ? { base: first, head: second } : { base: second, head: first };
        pairs.push({ measure, start, ...pair });
        const [{ name, show }] = FIGURES_OF[measure];
        progress(
          `start ${start + 1}/${plan.starts}  round ${round + 1}/${plan.rounds}  ${measure}: base ${show(pair.base[name])}, head ${show(pair.head[name])}`,
        );
      }
    }
  }
  return pairs;
}

async function openSide(folder: string, { plan, progress }: TurnsOptions): Promise<Side> {
  await using stack = new AsyncDisposableStack();
  const options: ArenaOptions = {
    measures: plan.measures,
    payloadBytes: PAYLOAD_BYTES,
    coldFunctions: COLD_UNCOUNTED + COLD_PER_ROUND * plan.rounds,
  };
  const script = pathToFileURL(join(folder, 'bench/compare/arena.ts'));
  const child = stack.use(await startChild<ArenaCommands>(script, options));
  const arena = await child.call('describe', null);
  if (arena.protocol !== ARENA_PROTOCOL)
    throw new RevisionError(
      `Measuring ${folder}: its arena speaks protocol ${arena.protocol}, and this bench ${ARENA_PROTOCOL}; compare with a newer commit`,
    );
  const generator: GeneratorChild = stack.use(
    await startChild<LoadCommands>(new URL('../load-generator.ts', import.meta.url), {
      url: arena.url,
      payloadBytes: PAYLOAD_BYTES,
    }),
  );
  let woken = 0;
  const wake = async (count: number): Promise<Figures> => {
    const subjects = arena.coldSubjects.slice(woken, woken + count);
    woken += count;
    const latencies = await generator.call('sequence', { subjects, pauseMs: COLD_PAUSE_MS });
    return { p50Ms: median(latencies) };
  };
  const owned = stack.move();
  return {
    measure: async (measure, warmupMs) => {
      if (measure === 'cold') return await wake(woken === 0 ? COLD_UNCOUNTED : COLD_PER_ROUND);
      return await loadOne(generator, child, arena, { measure, warmupMs, windowMs: plan.windowMs, progress });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface LoadOptions {
  readonly measure: Measure;
  readonly warmupMs: number;
  readonly windowMs: number;
  readonly progress: (text: string) => void;
}

async function loadOne(
  generator: GeneratorChild,
  child: Child<ArenaCommands>,
  arena: Arena,
  { measure, warmupMs, windowMs, progress }: LoadOptions,
): Promise<Figures> {
  const pids = { server: [arena.serverPid], responder: await child.call('pids', null) };
  const subject = arena.subjects[measure] ?? '';
  for (let tries = 1; ; tries += 1) {
    const found = await generator.call('load', {
      ...{ subject, inFlight: IN_FLIGHT, payloadBytes: PAYLOAD_BYTES, warmupMs, windowMs, pids },
    });
    const { perSecond, cpu, wrong, lost, firstWrong } = found;
    if (wrong + lost === 0)
      return { perSecond, ...(cpu === null ? {} : { cpuUs: (1e6 * cpu.responder) / perSecond }) };
    const failures = `${wrong} wrong and ${lost} lost replies (${firstWrong ?? 'no answer'})`;
    if (tries === MOST_TRIES)
      throw new RevisionError(
        `Measuring ${measure} under load: ${failures} in the last of ${MOST_TRIES} windows; figures of failures cannot be compared`,
      );
    progress(`${measure}: ${failures}; the window is measured again`);
  }
}
