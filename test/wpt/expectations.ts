/** The failures that are known, each with a reason. */
import { readFileSync } from 'node:fs';
import type { FileResult, Subtest } from './run-test.ts';

export interface Expectation {
  /** A file of the checkout; `*` stands for anything. */
  readonly file: string;
  /** Names of subtests, with `*` for anything; all of the file when there are none. */
  readonly subtests?: readonly string[];
  readonly reason: string;
  /** Neither V8 nor the chosen libraries could make it pass: it asks for what functions do not have, or for a server. */
  readonly cannotBeServed?: boolean;
  /** The standard has changed, and tests that were written since pass. */
  readonly isOfOlderTests?: boolean;
}

export interface Judged {
  readonly file: string;
  readonly passed: number;
  readonly expected: readonly Subtest[];
  /** Expected too, and nobody's to mend. */
  readonly unservable: readonly Subtest[];
  readonly unexpected: readonly Subtest[];
}

export interface Verdict {
  readonly files: readonly Judged[];
  /** Patterns of expectations for subtests that ran, none of which failed. */
  readonly stale: readonly string[];
}

export function readExpectations(path: string): readonly Expectation[] {
  return JSON.parse(readFileSync(path, 'utf8')) as Expectation[];
}

/** Whether `text` is what `pattern` says, `*` standing for anything. */
function fits(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return text === pattern;
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text);
}

/** Compares what failed with what is expected to. A file that did not come to its end is a subtest of its own. */
export function judge(results: readonly FileResult[], expectations: readonly Expectation[]): Verdict {
  const used = new Set<string>();
  const ran = new Set<string>();
  const files = results.map((result): Judged => {
    const relevant = expectations.filter(({ file }) => fits(file, result.file));
    const names = [...result.subtests, ...failuresOf(result)].map(({ name }) => name);
    for (const each of relevant)
      for (const { name, key } of keysOf(each))
        if (each.isOfOlderTests !== true && (name === '*' || names.some((one) => fits(name, one))))
          ran.add(key);
    const expected: Subtest[] = [];
    const unservable: Subtest[] = [];
    const unexpected: Subtest[] = [];
    for (const failure of failuresOf(result)) {
      const known = relevant.flatMap((each) =>
        keysOf(each)
          .filter(({ name }) => fits(name, failure.name))
          .map(({ key }) => ({ key, cannotBeServed: each.cannotBeServed === true })),
      );
      for (const { key } of known) used.add(key);
      if (known.length === 0) unexpected.push(failure);
      else if (known.some(({ cannotBeServed }) => cannotBeServed)) unservable.push(failure);
      else expected.push(failure);
    }
    const passed = result.subtests.filter(({ status }) => status === 'PASS').length;
    return { file: result.file, passed, expected, unservable, unexpected };
  });
  const stale = [...ran].filter((key) => !used.has(key));
  return { files, stale };
}

function keysOf({ file, subtests = ['*'] }: Expectation): readonly { name: string; key: string }[] {
  return subtests.map((name) => ({ name, key: `${file} | ${name}` }));
}

function failuresOf(result: FileResult): readonly Subtest[] {
  const failures = result.subtests.filter(({ status }) => status !== 'PASS');
  if (result.status === 'OK') return failures;
  return [...failures, { name: '(the file)', status: result.status, message: result.message }];
}
