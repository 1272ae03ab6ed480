/** What the results of a run say of a part that failed, which has no rows: written and found again by the same words. */
export function noteOfFailure(part: string, error: unknown): string {
  return `The part "${part}" failed and has no rows: ${error instanceof Error ? error.message : error}`;
}

/** The parts that failed in a run, by its notes. */
export function failedParts(notes: readonly string[]): readonly string[] {
  return notes.flatMap((note) => /^The part "([^"]+)" failed and has no rows: /.exec(note)?.[1] ?? []);
}
