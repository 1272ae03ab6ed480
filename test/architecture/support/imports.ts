import { posix } from 'node:path';
import { lineAt, type SourceFile, scanSource } from './scan-source.ts';

/** One import of any form: static, re-export, type, dynamic, `require`. */
export interface ImportSite {
  readonly from: string;
  readonly line: number;
  /** As written; undefined when it is computed, so that nothing can be said about it. */
  readonly specifier: string | undefined;
  /** Path in the repository of a relative specifier. */
  readonly target: string | undefined;
}

const STATIC = /\b(?:from|import)\s*(?=["'])/g;
const CALL = /(?:\bimport|\brequire)\s*\(\s*/g;

/** Every import in `file`, in the order of the text. */
export function findImports(file: SourceFile): readonly ImportSite[] {
  const { code, strings } = scanSource(file.text);
  const sites: { offset: number; specifier: string | undefined }[] = [];
  for (const pattern of [STATIC, CALL]) {
    for (const match of code.matchAll(pattern)) {
      sites.push({ offset: match.index, specifier: strings.get(match.index + match[0].length) });
    }
  }
  return sites
    .sort((a, b) => a.offset - b.offset)
    .map(({ offset, specifier }) => ({
      from: file.path,
      line: lineAt(file.text, offset),
      specifier,
      target: specifier?.startsWith('.') ? posix.join(posix.dirname(file.path), specifier) : undefined,
    }));
}
