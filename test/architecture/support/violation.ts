/** One breach of one rule, at one place. */
export interface Violation {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** The lines that a failing test shows. */
export function describeViolations(violations: readonly Violation[]): string {
  return violations.map(({ rule, file, line, message }) => `${file}:${line}  ${rule}  ${message}`).join('\n');
}
