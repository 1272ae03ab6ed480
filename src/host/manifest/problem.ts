import type { z } from 'zod';
import { type ErrorCode, isErrorCode } from '../../core/index.ts';
import { alternativeIndex, type JsonSchema, schemaAt, unresolvedSchemaAt, valueAt } from './json-schema.ts';
import { nearest } from './nearest.ts';
import { formatPath, nounOf, quote, typeNoun } from './wording.ts';

/** One thing that is wrong with a Nexfile or start request. */
export interface Problem {
  readonly code: ErrorCode;
  /** Where in the value; the last segment is the key itself when `target` is `key`. */
  readonly path: readonly PropertyKey[];
  /** Whether the key is wrong, its value, or that it is not there. */
  readonly target: 'key' | 'value' | 'missing';
  readonly message: string;
  readonly hint: string | undefined;
}

/** What is being checked. */
export interface Checked {
  readonly value: unknown;
  readonly schema: JsonSchema;
  /** How messages call the whole: `the Nexfile`. */
  readonly noun: string;
  /** Of problems that name no other. */
  readonly code: ErrorCode;
}

/** Of a value that is wrong all over, so many problems are looked at. */
const MAX_PROBLEMS = 50;

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** The issues of a failed parse as problems in words for people, in the order found. */
export function toProblems(issues: readonly Issue[], checked: Checked): Problem[] {
  const looked = issues.slice(0, MAX_PROBLEMS).flatMap((issue) => fromIssue(issue, issue.path, checked));
  return looked.slice(0, MAX_PROBLEMS);
}

/** A problem with the key at the end of `path`. */
export function keyProblem(path: Path, reason: string, hint: string | undefined, checked: Checked): Problem {
  const message = `Cannot use the key ${quoteKey(path)} in ${parentOf(path, checked)}: ${reason}`;
  return { code: checked.code, path, target: 'key', message, hint };
}

function valueProblem(path: Path, reason: string, hint: string | undefined, checked: Checked): Problem {
  const what =
    path.length === 0 ? checked.noun : `${quote(valueAt(checked.value, path))} for ${formatPath(path)}`;
  return {
    code: checked.code,
    path,
    target: 'value',
    message: `Cannot use ${what}: ${reason}`,
    hint,
  };
}

function fromIssue(issue: Issue, path: Path, checked: Checked): Problem[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, MAX_PROBLEMS).map((key) => unknownKey([...path, key], checked));
    case 'invalid_key':
      return issue.issues
        .slice(0, 1)
        .map((inner) => keyProblem(path, inner.message, paramsOf(inner).hint, checked));
    case 'invalid_union': {
      const union = unresolvedSchemaAt(checked.schema, path, checked.value);
      const branch = issue.errors[alternativeIndex(union, valueAt(checked.value, path))] ?? [];
      return branch.flatMap((inner) => fromIssue(inner, [...path, ...inner.path], checked));
    }
    case 'invalid_type':
      return [wrongType(issue.expected, path, checked)];
    case 'invalid_value':
      return [wrongChoice(issue.values.map(String), issue.message, path, checked)];
    default: {
      const { code, hint, target } = paramsOf(issue);
      const problem = (target === 'key' ? keyProblem : valueProblem)(path, issue.message, hint, checked);
      const placed: Problem = target === 'missing' ? { ...problem, target } : problem;
      return [isErrorCode(code) ? { ...placed, code } : placed];
    }
  }
}

function unknownKey(path: Path, checked: Checked): Problem {
  const known = keysOf(schemaAt(checked.schema, path.slice(0, -1), checked.value));
  const meant = nearest(String(path.at(-1)), known);
  const hint = meant === undefined ? `Known keys: ${known.join(', ')}` : `Did you mean "${meant}"?`;
  return keyProblem(path, 'it is not known', hint, checked);
}

function wrongType(expected: string, path: Path, checked: Checked): Problem {
  const value = valueAt(checked.value, path);
  const schema = schemaAt(checked.schema, path, checked.value);
  const example = schema?.examples?.[0];
  if (value === undefined && path.length > 0) return missingKey(path, example, checked);
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  let hint = example === undefined ? undefined : `Write it like ${JSON.stringify(example)}`;
  if (schema?.properties !== undefined) hint = `Its keys are: ${keysOf(schema).join(', ')}`;
  if (expected === 'string' && isScalar && example === undefined) hint = `Put it in quotes: "${value}"`;
  return valueProblem(path, `it is ${nounOf(value)}, and must be ${typeNoun(expected)}`, hint, checked);
}

function wrongChoice(choices: readonly string[], message: string, path: Path, checked: Checked): Problem {
  const value = valueAt(checked.value, path);
  if (value === undefined) return missingKey(path, choices[0], checked);
  const isOwnMessage = !message.startsWith('Invalid');
  const meant = typeof value === 'string' && !isOwnMessage ? nearest(value, choices) : undefined;
  const takes = choices.map((choice) => JSON.stringify(choice)).join(' or ');
  return valueProblem(
    path,
    isOwnMessage ? message : `it takes ${takes}`,
    meant === undefined ? `Write ${takes}` : `Did you mean "${meant}"?`,
    checked,
  );
}

function missingKey(path: Path, example: unknown, checked: Checked): Problem {
  const text = typeof example === 'string' ? example : JSON.stringify(example);
  return {
    code: checked.code,
    path,
    target: 'missing',
    message: `The key ${quoteKey(path)} is missing in ${parentOf(path, checked)}`,
    hint: text === undefined ? undefined : `Write it like ${String(path.at(-1))}: ${text}`,
  };
}

function quoteKey(path: Path): string {
  return quote(String(path.at(-1) ?? ''));
}

function parentOf(path: Path, checked: Checked): string {
  return path.length <= 1 ? checked.noun : formatPath(path.slice(0, -1));
}

/** What our own checks attach to an issue. */
function paramsOf(issue: Issue): { code?: unknown; hint?: string; target?: unknown } {
  if (issue.code !== 'custom' || issue.params === undefined) return {};
  const { code, hint, target } = issue.params as { code?: unknown; hint?: unknown; target?: unknown };
  return { code, target, ...(typeof hint === 'string' ? { hint } : {}) };
}

/** Keys to write by hand; `$schema` is for editors. */
function keysOf(schema: JsonSchema | undefined): string[] {
  return Object.keys(schema?.properties ?? {}).filter((key) => !key.startsWith('$'));
}
