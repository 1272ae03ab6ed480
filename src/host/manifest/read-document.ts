import { type Alias, type Document, isScalar, LineCounter, parseDocument, visit, type YAMLMap } from 'yaml';
import { type ErrorCode, HairspringError, type SourcePosition } from '../../core/index.ts';
import { type Checker, type LocatedProblem, problemsToError } from './check.ts';
import { locate, positionAt, type SourceText } from './locate.ts';
import { quote } from './wording.ts';

/** What a file of one kind is read by. */
export interface DocumentKind<Value> {
  readonly checker: Checker<Value>;
  /** Of what is not YAML at all. */
  readonly malformed: ErrorCode;
  /** Remedies for a file with nothing in it, and for one with several documents. */
  readonly emptyHint: string;
  readonly severalHint: string;
}

export interface ReadDocument<Value> {
  readonly value: Value;
  /** Where in the text the value at `path` is. */
  positionOf(path: readonly PropertyKey[]): SourcePosition;
}

/** A text, and the kind that it is of. */
interface Source extends SourceText {
  readonly kind: Omit<DocumentKind<unknown>, 'checker'>;
}

const MAX_BYTES = 256 * 1024;

/** Uses of anchors in one file; a bomb of nested ones needs far more. */
const MAX_ALIASES = 64;
const TOO_MANY_ALIASES = `its anchors are used more than ${MAX_ALIASES} times`;

/** What YAML reports most, with more exact remedies and, where YAML's own words mislead, better ones. */
const SYNTAX_PROBLEMS: Readonly<Record<string, { readonly reason?: string; readonly hint?: string }>> = {
  TAB_AS_INDENT: { hint: 'Indent with spaces; YAML does not take tabs' },
  MULTIPLE_DOCS: { reason: 'it holds more than one document' },
  BAD_INDENT: { hint: 'Give keys that belong together the same indentation, and close every bracket' },
  BLOCK_AS_IMPLICIT_KEY: {
    hint: 'Put a nested key on a line of its own, and text with a colon in it in quotes',
  },
  MISSING_CHAR: { hint: 'Close what is open: a quote, a bracket, or a key with its colon' },
  MULTILINE_IMPLICIT_KEY: { hint: 'End the key with a colon, on one line' },
  BAD_ALIAS: { hint: 'Define the anchor (&name) before its use, or put the text in quotes' },
  TAG_RESOLVE_FAILED: { hint: 'Leave out the tag; values need none' },
  NON_STRING_KEY: { hint: 'Put the key in quotes' },
};

/**
 * Reads YAML or JSON. Errors carry the position of the first problem and list the others.
 * @param file the name that positions show
 * @throws the codes of `kind` and of its schema
 */
export function readDocument<Value>(
  text: string,
  file: string,
  kind: DocumentKind<Value>,
): ReadDocument<Value> {
  const source: Source = { file, text, lines: new LineCounter(), kind };
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES) {
    throw malformed(source, `${bytes} bytes exceed the limit of ${MAX_BYTES} bytes`);
  }
  const document = parseYaml(source);
  const result = kind.checker.check(toPlainValue(document, source));
  if ('value' in result) {
    const positionOf = (path: readonly PropertyKey[]): SourcePosition =>
      locate(document, source, { path, target: 'value' });
    return { value: result.value, positionOf };
  }
  const located = result.problems
    .map((problem) => ({ problem, position: locate(document, source, problem) }))
    .sort(
      (a, b) =>
        rank(a) - rank(b) || a.position.line - b.position.line || a.position.column - b.position.column,
    );
  throw problemsToError(located);
}

/** What is missing comes last: most often it is there, misspelt, and reported as that. */
function rank({ problem }: LocatedProblem): number {
  return problem.target === 'missing' ? 1 : 0;
}

function parseYaml(source: Source): Document {
  const document = attempt(source, () =>
    parseDocument(source.text, {
      lineCounter: source.lines,
      prettyErrors: false,
      uniqueKeys: false,
      stringKeys: true,
      merge: false,
      version: '1.2',
      schema: 'core',
    }),
  );
  const [first] = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  if (first === undefined) return document;
  const [sentence = ''] = first.message.split('\n', 1);
  const severalHint = first.code === 'MULTIPLE_DOCS' ? source.kind.severalHint : undefined;
  const { reason = tooDeep(sentence) ?? sentence, hint = severalHint } = SYNTAX_PROBLEMS[first.code] ?? {};
  throw malformed(source, reason, { offset: first.pos[0], hint });
}

/** What YAML itself would look for in quadratic time: keys that are there twice, and anchors that are not. */
function checkReferences(document: Document, source: Source): void {
  const aliases: Alias[] = [];
  visit(document, {
    Alias: (_, alias) => void aliases.push(alias),
    Map: (_, map) => refuseDuplicates(map, source),
  });
  if (aliases.length > MAX_ALIASES) throw malformed(source, TOO_MANY_ALIASES);
  const unknown = aliases.find((alias) => alias.resolve(document) === undefined);
  if (unknown === undefined) return;
  throw malformed(source, `there is no anchor "${unknown.source}"`, {
    offset: unknown.range?.[0],
    hint: 'Define the anchor (&name) before its use, or put the text in quotes',
  });
}

function refuseDuplicates(map: YAMLMap, source: Source): void {
  const seen = new Set<string>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    if (seen.has(name)) {
      throw malformed(source, `the key ${quote(name)} is there twice`, {
        offset: key.range?.[0],
        hint: 'Remove one of the two',
      });
    }
    seen.add(name);
  }
}

function toPlainValue(document: Document, source: Source): unknown {
  attempt(source, () => checkReferences(document, source));
  const value: unknown = attempt(source, () => document.toJS({ maxAliasCount: MAX_ALIASES }));
  if (value !== null && value !== undefined) return value;
  throw malformed(source, 'it is empty', { hint: source.kind.emptyHint });
}

/** The parser throws on what it cannot hold: bottomless nesting, anchors that multiply. */
function attempt<Result>(source: Source, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (HairspringError.is(error)) throw error;
    const sentence = error instanceof Error ? error.message : String(error);
    const reason = sentence.startsWith('Excessive alias') ? TOO_MANY_ALIASES : sentence;
    throw malformed(source, tooDeep(sentence) ?? reason, { cause: error });
  }
}

/** The stack may end anywhere: also where a regular expression is compiled, which words it otherwise. */
function tooDeep(sentence: string): string | undefined {
  return /call stack|stack overflow/i.test(sentence) ? 'it is nested too deeply' : undefined;
}

interface MalformedOptions {
  /** @default 0 */
  readonly offset?: number | undefined;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

function malformed(source: Source, reason: string, options: MalformedOptions = {}): HairspringError {
  const { offset = 0, hint, cause } = options;
  return new HairspringError(source.kind.malformed, `Cannot read ${source.file}: ${reason}`, {
    position: positionAt(source, offset),
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}
