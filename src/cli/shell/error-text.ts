import type { HairspringError, SourcePosition } from '../../core/index.ts';
import type { Colors } from './colors.ts';
import { printable } from './printable.ts';

/** An error for people: what failed, where in a file of theirs, and what to do. Ends without a line break. */
export function renderError(error: HairspringError, paint: Colors): string {
  const lines = [`${paint.red('error')} ${paint.bold(error.code)}: ${printable(error.message)}`];
  if (error.position !== undefined) lines.push(...renderPosition(error.position, paint));
  const [hint = '', ...more] = printable(error.hint ?? error.info.remedy).split('\n');
  lines.push(`${paint.cyan('hint')}: ${hint}`, ...more.map((line) => `      ${line}`));
  return lines.join('\n');
}

function renderPosition({ file, line, column, lineText }: SourcePosition, paint: Colors): string[] {
  const place = `  ${printable(file)}:${line}:${column}`;
  if (lineText === undefined) return [place];
  const gutter = `${line}`;
  const margin = ' '.repeat(gutter.length);
  // Tabs stay tabs, so that the caret stands under its column however wide they are shown.
  const before = lineText.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return [
    place,
    `  ${paint.dim(`${gutter} |`)} ${printable(lineText)}`,
    `  ${paint.dim(`${margin} |`)} ${before}${paint.red('^')}`,
  ];
}
