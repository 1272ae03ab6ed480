import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { subjectMatches, type Trigger } from '../../core/index.ts';

/** A message to try a function with. */
export interface Sample {
  readonly subject: string;
  readonly payload: string;
}

/** Tokens for captures whose name says what is meant. */
const TOKENS: Readonly<Record<string, string>> = { lang: 'en', name: 'ada', id: '1' };

const samplesFile = z.array(z.object({ subject: z.string(), payload: z.string().default('') }));

/** A literal subject that `trigger` catches: each capture filled in, by its own name if nothing better is known. */
export function sampleSubject({ subject, captures }: Trigger): string {
  const tokens = subject.split('.');
  for (const { index, name } of captures) {
    tokens[index] = TOKENS[name] ?? (/^\d+$/.test(name) ? 'example' : name);
  }
  return tokens.join('.');
}

/**
 * The first sample of `samples.json` beside the Nexfile that fits a trigger, else one for the first
 * trigger with an empty payload, else none.
 */
export async function sampleOf(file: string, triggers: readonly Trigger[]): Promise<Sample | undefined> {
  const [first] = triggers;
  if (first === undefined) return undefined;
  const samples = await readSamples(join(dirname(file), 'samples.json'));
  const fitting = samples.find(({ subject }) =>
    triggers.some((trigger) => subjectMatches(trigger.subject, subject)),
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
