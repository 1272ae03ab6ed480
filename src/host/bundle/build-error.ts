import { isBuiltin } from 'node:module';
import { relative, resolve } from 'node:path';
import type { Message } from 'esbuild';
import { HairspringError, type SourcePosition } from '../../core/index.ts';

/** A failed build as an error with the position of its first problem. `folder` is what paths are relative to. */
export function toBuildError(error: unknown, folder: string | undefined): HairspringError {
  const messages = messagesOf(error);
  const [first] = messages;
  if (first === undefined) return HairspringError.from(error);
  const position = positionOf(first, folder);
  const unresolved = /^Could not resolve "(.+)"$/.exec(first.text)?.[1];
  const more = messages.length === 1 ? [] : [`${messages.length - 1} more:`];
  more.push(...messages.slice(1, 6).map((message) => `- ${describeMessage(message, folder)}`));
  const ownHint = unresolved === undefined ? hintFor(first) : hintForImport(unresolved, folder);
  const hint = [...(ownHint === undefined ? [] : [ownHint]), ...more].join('\n');
  const options = { ...(position === undefined ? {} : { position }), ...(hint === '' ? {} : { hint }) };
  const file = position?.file ?? 'the source';
  return unresolved === undefined
    ? new HairspringError('HS_SOURCE_INVALID', `Cannot build ${file}: ${first.text}`, options)
    : new HairspringError('HS_SOURCE_MISSING', `Cannot find "${unresolved}", imported by ${file}`, options);
}

/** `src/index.ts:3:7: Expected ";"` */
export function describeMessage(message: Message, folder: string | undefined): string {
  const position = positionOf(message, folder);
  return position === undefined
    ? message.text
    : `${position.file}:${position.line}:${position.column}: ${message.text}`;
}

function messagesOf(error: unknown): readonly Message[] {
  const isFailure = typeof error === 'object' && error !== null && 'errors' in error;
  return isFailure && Array.isArray(error.errors) ? (error.errors as Message[]) : [];
}

function positionOf({ location }: Message, folder: string | undefined): SourcePosition | undefined {
  if (location === null) return undefined;
  const { file, line, column, lineText } = location;
  // esbuild counts columns in bytes of UTF-8.
  const before = Buffer.from(lineText).subarray(0, column).toString();
  return {
    file: folder === undefined ? file : relative(process.cwd(), resolve(folder, file)),
    line,
    column: before.length + 1,
    ...(lineText.length > 200 ? {} : { lineText }),
  };
}

function hintForImport(specifier: string, folder: string | undefined): string {
  if (isBuiltin(specifier)) {
    return `"${specifier}" is part of Node, which functions do not run in; use web APIs, or a package made for browsers or workers`;
  }
  if (folder === undefined)
    return 'A uri must hold one module without imports; bundle it first, or deploy with main';
  if (/^\.{0,2}\//.test(specifier)) return 'Check the path and its extension';
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  return `Install it: npm install ${name}`;
}

function hintFor({ text }: Message): string | undefined {
  if (text.startsWith('Top-level await')) return 'Await inside the handler; a function loads without waiting';
  if (text.startsWith('No loader is configured')) return 'Import JavaScript, TypeScript, JSON or text files';
  return undefined;
}
