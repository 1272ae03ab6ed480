import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import {
  answersMethod,
  type HttpTrigger,
  isHttpTrigger,
  isSubjectTrigger,
  routeSegments,
  type SubjectTrigger,
  subjectMatches,
  type Trigger,
} from '../../core/index.ts';

/** A message to try a function with. */
export interface Sample {
  readonly subject: string;
  readonly payload: string;
}

/** Tokens for captures whose name says what is meant. */
const TOKENS: Readonly<Record<string, string>> = { lang: 'en', name: 'ada', id: '1' };

const samplesFile = z.array(z.object({ subject: z.string(), payload: z.string().default('') }));

/** A literal subject that `trigger` catches: each capture filled in, by its own name if nothing better is known. */
export function sampleSubject({ subject, captures }: SubjectTrigger): string {
  const tokens = subject.split('.');
  for (const { index, name } of captures) {
    tokens[index] = sampleOfCapture(name);
  }
  return tokens.join('.');
}

function sampleOfCapture(name: string): string {
  return TOKENS[name] ?? (/^\d+$/.test(name) ? 'example' : name);
}

/** A request to try a function with. */
export interface SampleRequest {
  readonly method: string;
  readonly url: string;
}

/** One that the first HTTP trigger takes, captures filled in as in {@link sampleSubject}; undefined without any. */
export function sampleRequest(origin: string, triggers: readonly Trigger[]): SampleRequest | undefined {
  const trigger = triggers.find(isHttpTrigger);
  if (trigger === undefined) return undefined;
  const method = answersMethod(trigger, 'GET') ? 'GET' : (trigger.methods[0] ?? 'GET');
  return { method, url: `${origin}${samplePath(trigger)}` };
}

/** A path that `trigger` takes. */
export function samplePath({ pattern, captures }: HttpTrigger): string {
  const segments = routeSegments(pattern);
  for (const { index, name } of captures) segments[index] = sampleOfCapture(name);
  return `/${segments.join('/')}`;
}

/**
 * The first sample of `samples.json` beside the Nexfile that fits a subject trigger, else one for the first
 * of them with an empty payload, else none.
 */
export async function sampleOf(file: string, triggers: readonly Trigger[]): Promise<Sample | undefined> {
  const listened = triggers.filter(isSubjectTrigger);
  const [first] = listened;
  if (first === undefined) return undefined;
  const samples = await readSamples(join(dirname(file), 'samples.json'));
  const fitting = samples.find(({ subject }) =>
    listened.some((trigger) => subjectMatches(trigger.subject, subject)),
  );
  return fitting ?? { subject: sampleSubject(first), payload: '' };
}

/** Samples are a convenience: without a file that can be read there are none. */
async function readSamples(path: string): Promise<readonly Sample[]> {
  try {
    return samplesFile.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return [];
  }
}
