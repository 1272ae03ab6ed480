import { readFile } from 'node:fs/promises';
import { HairspringError, isLiteralSubject, isSubjectTrigger, subjectMatches } from '../../core/index.ts';
import { sampleOf } from '../deploy/sample.ts';
import type { BenchRequest } from './bench-run.ts';
import type { NamedFile } from './find-function.ts';

/** What the command line says of the request. */
export interface RequestOptions {
  readonly payload?: string | undefined;
  readonly payloadFile?: string | undefined;
  readonly subject?: string | undefined;
  readonly header?: Readonly<Record<string, string>> | undefined;
}

/**
 * What is sent: as the options say, else the sample beside the Nexfile that fits, else nothing on a subject made up
 * of the names of the captures.
 * @throws HS_USAGE for a subject that no trigger catches, or a file that cannot be read
 */
export async function requestFor(
  { file, manifest }: NamedFile,
  { payload, payloadFile, subject, header = {} }: RequestOptions,
): Promise<BenchRequest> {
  const { triggers } = manifest.start;
  if (subject !== undefined) checkSubject(subject, manifest);
  const sample = await sampleOf(file, triggers);
  const sampled = subject === undefined || subject === sample?.subject ? sample?.payload : undefined;
  const bytes =
    payloadFile === undefined ? Buffer.from(payload ?? sampled ?? '') : await readPayload(payloadFile);
  return { payload: bytes, subject: subject ?? sample?.subject, headers: header };
}

function checkSubject(subject: string, { name, start }: NamedFile['manifest']): void {
  const caught = start.triggers.some(
    (trigger) => isSubjectTrigger(trigger) && subjectMatches(trigger.subject, subject),
  );
  if (caught && isLiteralSubject(subject)) return;
  const triggers = start.triggers.map(({ pattern }) => pattern).join(', ');
  throw new HairspringError(
    'HS_USAGE',
    `Cannot measure "${name}" on "${subject}": no trigger of it catches that`,
    {
      hint: triggers === '' ? 'It has no triggers; leave out --subject' : `Its triggers are ${triggers}`,
    },
  );
}

async function readPayload(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HairspringError('HS_USAGE', `Cannot read "${path}": ${reason}`, {
      cause,
      hint: 'Name a file that you may read with --payload-file',
    });
  }
}
