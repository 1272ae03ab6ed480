import { readFile } from 'node:fs/promises';
import {
  HairspringError,
  isHttpTrigger,
  isLiteralSubject,
  isSubjectTrigger,
  subjectMatches,
} from '../../core/index.ts';
import { sampleOf } from '../deploy/sample.ts';
import { unreadable } from '../shell/unreadable.ts';
import type { BenchRequest } from './bench-run.ts';
import type { NamedFile } from './find-function.ts';
import { httpRequestFor } from './http-request.ts';

/** What the command line says of the request. */
export interface RequestOptions {
  readonly payload?: string | undefined;
  readonly payloadFile?: string | undefined;
  readonly subject?: string | undefined;
  readonly method?: string | undefined;
  readonly path?: string | undefined;
  readonly header?: Readonly<Record<string, string>> | undefined;
}

/**
 * What is sent: an HTTP request where the options say one, or the function has HTTP triggers only; else a message.
 * @throws HS_USAGE for a subject, or a method and path, that no trigger catches, or a file that cannot be read
 */
export async function requestFor(found: NamedFile, options: RequestOptions): Promise<BenchRequest> {
  const { subject, method, path, header = {} } = options;
  const { name, start } = found.manifest;
  const saysHttp = method !== undefined || path !== undefined;
  if (saysHttp && subject !== undefined)
    throw new HairspringError(
      'HS_USAGE',
      `Cannot measure "${name}" by messages and by HTTP requests at once`,
      {
        hint: 'Leave out --subject, or --method and --path',
      },
    );
  const hasHttpOnly = start.triggers.some(isHttpTrigger) && !start.triggers.some(isSubjectTrigger);
  if (!saysHttp && !(hasHttpOnly && subject === undefined)) return await messageFor(found, options);
  const payload = await payloadOf(options, '');
  const to = httpRequestFor(found.manifest, { method, path, headers: header, hasBody: payload.length > 0 });
  return { payload, headers: header, to };
}

/** Where the requests go, for people; undefined for messages without a subject. */
export function whereOf(to: BenchRequest['to']): string | undefined {
  return to.transport === 'http' ? `${to.method} ${to.path}` : to.subject;
}

/** As the options say, else the sample beside the Nexfile that fits, else nothing on a subject made of the captures. */
async function messageFor({ file, manifest }: NamedFile, options: RequestOptions): Promise<BenchRequest> {
  const { subject, header = {} } = options;
  if (subject !== undefined) checkSubject(subject, manifest);
  const sample = await sampleOf(file, manifest.start.triggers);
  const sampled = subject === undefined || subject === sample?.subject ? sample?.payload : undefined;
  return {
    payload: await payloadOf(options, sampled ?? ''),
    headers: header,
    to: { transport: 'nats', subject: subject ?? sample?.subject },
  };
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

async function payloadOf({ payload, payloadFile }: RequestOptions, otherwise: string): Promise<Uint8Array> {
  if (payloadFile === undefined) return Buffer.from(payload ?? otherwise);
  try {
    return await readFile(payloadFile);
  } catch (cause) {
    throw unreadable(payloadFile, '--payload-file', cause);
  }
}
