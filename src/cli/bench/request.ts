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
 * @throws HS_USAGE for a subject that no trigger catches, a file that cannot be read, or HTTP triggers only
 */
export async function requestFor(
  { file, manifest }: NamedFile,
  { payload, payloadFile, subject, header = {} }: RequestOptions,
): Promise<BenchRequest> {
  const { name, start } = manifest;
  const { triggers } = start;
  if (triggers.length > 0 && !triggers.some(isSubjectTrigger))
    throw new HairspringError('HS_USAGE', `Cannot measure "${name}": it has HTTP triggers only`, {
      hint: 'Requests are sent over NATS; give it a subject trigger, or load its route with a tool for HTTP',
    });
  if (subject !== undefined) checkSubject(subject, manifest);
  const sample = await sampleOf(file, triggers);
  const sampled = subject === undefined || subject === sample?.subject ? sample?.payload : undefined;
  const bytes =
    payloadFile === undefined ? Buffer.from(payload ?? sampled ?? '') : await readPayload(payloadFile);
  return { payload: bytes, subject: subject ?? sample?.subject, headers: header };
}

function checkSubject(subject: string, { name, start }: NamedFile['manifest']): void {
  const listened = start.triggers.filter(isSubjectTrigger);
  const caught = listened.some((trigger) => subjectMatches(trigger.subject, subject));
  if (caught && isLiteralSubject(subject)) return;
  const triggers = listened.map(({ pattern }) => pattern).join(', ');
  throw new HairspringError(
    'HS_USAGE',
    `Cannot measure "${name}" on "${subject}": no trigger of it catches that`,
    {
      hint:
        triggers === '' ? 'It listens on no subject; leave out --subject' : `Its triggers are ${triggers}`,
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
