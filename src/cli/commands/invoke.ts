import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import type { InvokeResult } from '../../control/index.ts';
import {
  type FunctionDefinition,
  HairspringError,
  isHttpTrigger,
  isSubjectTrigger,
} from '../../core/index.ts';
import { describeTrigger } from '../deploy/describe.ts';
import { sampleSubject } from '../deploy/sample.ts';
import { addHeader, type Headers } from '../shell/add-header.ts';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import { type ExitCode, exitCodeOf } from '../shell/exit-codes.ts';
import { formatElapsed, roundMs } from '../shell/format.ts';
import { toErrorDocument } from '../shell/output.ts';
import { printable } from '../shell/printable.ts';

interface InvokeFlags {
  readonly subject?: string;
  readonly header?: Headers;
  readonly raw?: true;
  readonly verbose?: true;
}

/** Longer than most functions may run; a function that passes its own limit answers by itself. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** `invoke`: calls a function by name and prints what it replies. */
export function addInvoke(program: Command, shell: Shell): void {
  defineCommand(program, {
    usage: 'invoke <name> [payload]',
    summary: 'Call a function by name and print its reply',
    details:
      'PAYLOAD is the text to send, or - to read it from standard input; empty by default. ' +
      'A function that listens on wildcards only needs --subject to say what its triggers are to catch; ' +
      'without it one is made up from the names of the captures, and shown. ' +
      '--timeout is 30s by default here.',
    examples: [
      `invoke hello '{"name":"Ada"}'`,
      'invoke hello --subject greet.fr.ada',
      'invoke orders - --header trace-id:42 --json < order.json',
    ],
  })
    .option('--subject <subject>', 'subject that the call stands for')
    .option('--header <name:value>', 'header to send; may be repeated', addHeader)
    .option('--raw', 'print the bytes of the reply as they are, without a line break after them')
    .option('-v, --verbose', 'print the headers of the reply and the time too, on standard error')
    .action(runs(shell, invoke));
}

async function invoke(
  context: CommandContext,
  name: string,
  payload: string | undefined,
  flags: InvokeFlags,
): Promise<ExitCode | undefined> {
  const { output, options } = context;
  const body = payload === '-' ? await buffer(process.stdin) : (payload ?? '');
  await using connection = await context.connect();
  const startedMs = performance.now();
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const send = (subject: string | undefined): Promise<InvokeResult> =>
    connection.client.invoke(name, body, {
      timeoutMs,
      headers: flags.header ?? {},
      ...(subject === undefined ? {} : { subject }),
    });
  let result = await send(flags.subject);
  if (result.error?.code === 'HS_INVOKE_SUBJECT' && flags.subject === undefined) {
    const { definition } = await connection.client.info(name);
    refuseHttpOnly(definition, result.error);
    const subject = madeUpSubject(definition);
    if (subject !== undefined) {
      output.note(`No --subject is given, so ${subject} is used`);
      result = await send(subject);
    }
  }
  return show(context, named(result, name), flags, roundMs(performance.now() - startedMs));
}

/** Something that a wildcard trigger of the function catches. */
function madeUpSubject({ triggers }: FunctionDefinition): string | undefined {
  const first = triggers.find(isSubjectTrigger);
  return first === undefined ? undefined : sampleSubject(first);
}

/** @throws HS_INVOKE_SUBJECT where no subject would help */
function refuseHttpOnly({ name, triggers }: FunctionDefinition, cause: HairspringError): void {
  if (triggers.some(isSubjectTrigger) || !triggers.some(isHttpTrigger)) return;
  const routes = triggers.map(describeTrigger).join(', ');
  throw new HairspringError(
    'HS_INVOKE_SUBJECT',
    `Cannot invoke "${name}": it answers HTTP requests only (${routes})`,
    {
      hint: 'Send it a request: `hairspring dev` prints one to try, and `up --http ADDRESS` serves them',
      cause,
    },
  );
}

function show(
  { output }: CommandContext,
  result: InvokeResult,
  flags: InvokeFlags,
  elapsedMs: number,
): ExitCode | undefined {
  const { error, headers, data } = result;
  if (output.json) {
    output.result(
      {
        ok: error === undefined,
        ...bodyOf(data),
        headers,
        elapsedMs,
        ...(error === undefined ? {} : toErrorDocument(error)),
      },
      () => '',
    );
  } else {
    if (flags.verbose === true) {
      for (const [key, value] of Object.entries(headers)) output.note(`${key}: ${printable(value)}`);
      output.note(formatElapsed(elapsedMs));
    }
    if (error !== undefined) throw error;
    output.raw(
      flags.raw === true || data.byteLength === 0 || data.at(-1) === 0x0a ? data : withNewline(data),
    );
  }
  return error === undefined ? undefined : exitCodeOf(error.code);
}

/** Its error with a remedy that can be pasted: `hairspring logs hello`, where that of the code says NAME. */
function named(result: InvokeResult, name: string): InvokeResult {
  if (result.error === undefined) return result;
  const { code, message, hint, info } = result.error;
  const remedy = (hint ?? info.remedy).replaceAll(/(?<=`hairspring [a-z]+ )NAME/g, () => name);
  return { ...result, error: new HairspringError(code, message, { hint: remedy, cause: result.error }) };
}

function withNewline(data: Uint8Array): Uint8Array {
  return Buffer.concat([data, Buffer.from('\n')]);
}

/** The reply as JSON can hold it: parsed if it is JSON, as text if it is text, else in base64. */
function bodyOf(data: Uint8Array): object {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    return { base64: Buffer.from(data).toString('base64') };
  }
  try {
    return { text, data: JSON.parse(text) as unknown };
  } catch {
    return { text };
  }
}
