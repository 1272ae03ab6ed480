import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import {
  answersMethod,
  HTTP_METHODS,
  type HttpTrigger,
  isHttpTrigger,
  isSubjectTrigger,
  routeMatches,
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

const messageSample = z.object({ subject: z.string(), payload: z.string().default('') });
const requestSample = z.object({
  method: z.enum(HTTP_METHODS).default('GET'),
  path: z.string().startsWith('/'),
  payload: z.string().default(''),
});

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
  readonly payload: string;
}

/**
 * The first request of `samples.json` beside the Nexfile that an HTTP trigger takes, else one for the first of them with
 * captures filled in as in {@link sampleSubject}, else none.
 */
export async function sampleRequest(
  origin: string,
  file: string,
  triggers: readonly Trigger[],
): Promise<SampleRequest | undefined> {
  const routed = triggers.filter(isHttpTrigger);
  const [first] = routed;
  if (first === undefined) return undefined;
  const fitting = (await readSamples(file, requestSample)).find((sample) =>
    routed.some((trigger) => answersMethod(trigger, sample.method) && takesPath(trigger, sample.path)),
  );
  const method = answersMethod(first, 'GET') ? 'GET' : (first.methods[0] ?? 'GET');
  const { path, ...sample } = fitting ?? { method, path: samplePath(first), payload: '' };
  const hasBody = !['GET', 'HEAD'].includes(sample.method);
  return { ...sample, payload: hasBody ? sample.payload : '', url: `${origin}${path}` };
}

/** A path that `trigger` takes. */
export function samplePath({ pattern, captures }: HttpTrigger): string {
  const segments = routeSegments(pattern);
  for (const { index, name } of captures) segments[index] = sampleOfCapture(name);
  return `/${segments.join('/')}`;
}

/** Whether the route of `trigger` is that of a path, which may have a query. */
export function takesPath(trigger: HttpTrigger, path: string): boolean {
  const [pathname = ''] = path.split('?', 1);
  return routeMatches(trigger, routeSegments(pathname));
}

/**
 * The first sample of `samples.json` beside the Nexfile that fits a subject trigger, else one for the first
 * of them with an empty payload, else none.
 */
export async function sampleOf(file: string, triggers: readonly Trigger[]): Promise<Sample | undefined> {
  const listened = triggers.filter(isSubjectTrigger);
  const [first] = listened;
  if (first === undefined) return undefined;
  const samples = await readSamples(file, messageSample);
  const fitting = samples.find(({ subject }) =>
    listened.some((trigger) => subjectMatches(trigger.subject, subject)),
  );
  return fitting ?? { subject: sampleSubject(first), payload: '' };
}

/** Samples are a convenience: those that are none, or of the other kind, are passed over. */
async function readSamples<Kind>(nexfile: string, schema: z.ZodType<Kind>): Promise<readonly Kind[]> {
  try {
    const text = await readFile(join(dirname(nexfile), 'samples.json'), 'utf8');
    return z
      .array(z.unknown())
      .parse(JSON.parse(text))
      .flatMap((each) => {
        const { success, data } = schema.safeParse(each);
        return success ? [data] : [];
      });
  } catch {
    return [];
  }
}
