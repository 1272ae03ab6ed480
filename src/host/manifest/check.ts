import type { z } from 'zod';
import { type ErrorCode, HairspringError, type SourcePosition } from '../../core/index.ts';
import { describeSchema, type JsonSchema } from './json-schema.ts';
import { type Checked, keyProblem, type Problem, toProblems } from './problem.ts';

/** Problems that an error lists beside the first. */
const LISTED_PROBLEMS = 5;

/** Deeper than any key that a schema knows, so that what is nested for ever is not followed. */
const MAX_DEPTH = 16;

export interface Checker<Value> {
  /** `value` parsed, or all that is wrong with it. */
  check(value: unknown): { readonly value: Value } | { readonly problems: readonly Problem[] };
}

export interface LocatedProblem {
  readonly problem: Problem;
  /** Where it is in a text, if there is one. */
  readonly position?: SourcePosition;
}

/** Checks values against `schema`, which messages call `noun`; `code` is that of problems that name no other. */
export function createChecker<Value>(
  schema: z.ZodType<Value>,
  noun: string,
  code: ErrorCode = 'HS_NEXFILE_INVALID',
): Checker<Value> {
  let described: JsonSchema | undefined;
  return {
    check(value) {
      const result = schema.safeParse(value);
      const reserved = findReservedKeys(value);
      if (result.success && reserved.length === 0) return { value: result.data };
      described ??= describeSchema(schema);
      const checked: Checked = { value, schema: described, noun, code };
      return {
        problems: [
          ...reserved.map((path) =>
            keyProblem(path, 'the name is reserved by JavaScript', undefined, checked),
          ),
          ...toProblems(result.error?.issues ?? [], checked),
        ],
      };
    },
  };
}

/** The first problem as an error whose hint lists the others. */
export function problemsToError(problems: readonly LocatedProblem[]): HairspringError {
  const [first, ...others] = problems;
  if (first === undefined) return new HairspringError('HS_INTERNAL', 'Cannot tell what is wrong');
  const lines = others.slice(0, LISTED_PROBLEMS).map(({ problem, position }) => {
    return position === undefined ? `- ${problem.message}` : `- line ${position.line}: ${problem.message}`;
  });
  if (others.length > 0)
    lines.unshift(`${others.length} more ${others.length === 1 ? 'problem' : 'problems'}:`);
  if (others.length > LISTED_PROBLEMS) lines.push('- …');
  const hint = [...(first.problem.hint === undefined ? [] : [first.problem.hint]), ...lines].join('\n');
  return new HairspringError(first.problem.code, first.problem.message, {
    ...(hint === '' ? {} : { hint }),
    ...(first.position === undefined ? {} : { position: first.position }),
  });
}

/** Paths of keys named `__proto__`, which schemas skip in silence. */
function findReservedKeys(value: unknown, path: readonly PropertyKey[] = []): (readonly PropertyKey[])[] {
  if (typeof value !== 'object' || value === null || path.length > MAX_DEPTH) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => findReservedKeys(item, [...path, index]));
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '__proto__' ? [[...path, key]] : findReservedKeys(inner, [...path, key]),
  );
}
