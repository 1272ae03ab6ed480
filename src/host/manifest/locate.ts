import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type LineCounter, type Node } from 'yaml';
import type { SourcePosition } from '../../core/index.ts';
import type { Problem } from './problem.ts';

/** A longer line would not help as a frame under a message. */
const MAX_FRAME_LENGTH = 200;

/** The text of a file with the means to find positions in it. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
  readonly lines: LineCounter;
}

/** The position at `offset` of the text. */
export function positionAt(source: SourceText, offset: number): SourcePosition {
  const inside = Math.min(Math.max(offset, 0), source.text.length);
  const { line, col } = source.lines.linePos(inside);
  const lineText =
    source.text.split('\n', Math.max(line, 1))[Math.max(line, 1) - 1]?.replace(/\r$/, '') ?? '';
  return {
    file: source.file,
    line: Math.max(line, 1),
    column: Math.max(col, 1),
    ...(lineText.length > MAX_FRAME_LENGTH ? {} : { lineText }),
  };
}

/** Where in the text the key or value is that `problem` is about; for a missing key, where it is missing. */
export function locate(
  document: Document,
  source: SourceText,
  problem: Pick<Problem, 'path' | 'target'>,
): SourcePosition {
  let offset = 0;
  let node: unknown = document.contents;
  if (isNode(node)) offset = startOf(node, offset);
  for (const [depth, segment] of problem.path.entries()) {
    const isLast = depth === problem.path.length - 1;
    const container = resolve(document, node);
    if (isMap(container)) {
      const pair = container.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
      if (pair === undefined) break;
      offset = isNode(pair.key) ? startOf(pair.key, offset) : offset;
      if (isLast && problem.target !== 'value') break;
      node = pair.value;
      const isEmpty = isScalar(node) && node.value === null;
      if (isNode(node) && (!isLast || !isEmpty))
        offset = isMap(node) && isLast ? offset : startOf(node, offset);
    } else if (isSeq(container) && typeof segment === 'number') {
      node = container.items[segment];
      if (isNode(node)) offset = startOf(node, offset);
    } else break;
  }
  return positionAt(source, offset);
}

function resolve(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function startOf(node: Node, otherwise: number): number {
  return node.range?.[0] ?? otherwise;
}
