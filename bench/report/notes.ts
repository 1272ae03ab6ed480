import type { BenchResults } from '../results.ts';
import type { LoadSummary, Summary } from './summary.ts';

const NOISY_SPREAD = 0.25;
const NOISY_OTHERS_CORES = 0.15;
const FULL_CORE = 0.95;
/** Below this the two cores of a small machine are not both busy. */
const SATURATED = 0.9;

/** What a reader must know before believing the figures; none is good news. */
export function findNotes(results: BenchResults, { load }: Summary): readonly string[] {
  const { cores } = results.machine;
  return [...load.flatMap(noteFailures), ...noteNoise(load), ...noteGenerator(load, cores)];
}

const label = ({ target, inFlight }: LoadSummary): string => `${target} × ${inFlight}`;

function noteFailures(summary: LoadSummary): readonly string[] {
  const { wrong, firstWrong, lost } = summary;
  if (wrong + lost === 0) return [];
  const example = firstWrong === undefined ? '' : ` (the first: ${firstWrong})`;
  return [`${label(summary)}: ${wrong} wrong replies${example} and ${lost} lost requests`];
}

function noteNoise(load: readonly LoadSummary[]): readonly string[] {
  const spread = load.filter((summary) => summary.spread > NOISY_SPREAD);
  const crowded = load.filter(({ othersCores }) => othersCores > NOISY_OTHERS_CORES);
  return [
    ...(spread.length === 0
      ? []
      : [
          `The rounds differ by more than ${NOISY_SPREAD * 100} % at ${spread.map(label).join(', ')}: a noisy machine`,
        ]),
    ...(crowded.length === 0
      ? []
      : [
          `Other programs took more than ${NOISY_OTHERS_CORES} cores in a round of ${crowded.map(label).join(', ')}`,
        ]),
  ];
}

function noteGenerator(load: readonly LoadSummary[], cores: number): readonly string[] {
  const bound = load.filter(
    ({ generatorCores, responderCores }) => generatorCores > FULL_CORE && responderCores < FULL_CORE,
  );
  const shared = load.filter(
    ({ generatorCores, serverCores, responderCores, othersCores, inFlight }) =>
      inFlight > 1 && generatorCores + serverCores + responderCores + othersCores > SATURATED * cores,
  );
  return [
    ...(bound.length === 0
      ? []
      : [
          `The load generator is the bottleneck at ${bound.map(label).join(', ')}: the responder could do more`,
        ]),
    ...(shared.length === 0
      ? []
      : [
          `All ${cores} cores are busy at ${shared.map(label).join(', ')}: generator, nats-server and responder share them, so a rate is one of the whole system`,
        ]),
  ];
}
