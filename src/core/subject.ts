/**
 * NATS subjects as values: validity, matching, overlap, and trigger patterns with named captures.
 * Rules: https://docs.nats.io/nats-concepts/subjects
 */

/** `greet.{lang}.{name}` parsed: what to subscribe to and how to name what the wildcards caught. */
export interface SubjectPattern {
  /** As written. */
  readonly pattern: string;
  /** With NATS wildcards: `greet.*.*`. */
  readonly subject: string;
  /** One per wildcard: the position of its token, its name, and whether it takes all the rest. */
  readonly captures: readonly SubjectCapture[];
}

export interface SubjectCapture {
  readonly index: number;
  readonly name: string;
  readonly rest: boolean;
}

const MAX_SUBJECT_BYTES = 512;

/** Whether `subject` may be published to: non-empty tokens, no wildcards, no white space or control characters. */
export function isLiteralSubject(subject: string): boolean {
  return isSubject(subject) && !/(?:^|\.)[*>](?:\.|$)/.test(subject);
}

/** Whether `subject` may be subscribed to; `*` only as a whole token, `>` only as the last. */
export function isSubject(subject: string): boolean {
  if (subject.length === 0 || Buffer.byteLength(subject) > MAX_SUBJECT_BYTES) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\s\u0000-\u001f\u007f]/.test(subject) || !subject.isWellFormed()) return false;
  const tokens = subject.split('.');
  return tokens.every((token, index) => token !== '' && (token !== '>' || index === tokens.length - 1));
}

/** Whether a message on the literal `subject` reaches a subscription on `filter`. */
export function subjectMatches(filter: string, subject: string): boolean {
  const filterTokens = filter.split('.');
  const tokens = subject.split('.');
  for (const [index, token] of filterTokens.entries()) {
    if (token === '>') return tokens.length > index;
    if (index >= tokens.length) return false;
    if (token !== '*' && token !== tokens[index]) return false;
  }
  return filterTokens.length === tokens.length;
}

/** Whether some literal subject matches both filters. */
export function subjectsOverlap(a: string, b: string): boolean {
  const left = a.split('.');
  const right = b.split('.');
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const x = left[index];
    const y = right[index];
    if (x === '>' || y === '>') return true;
    if (x !== '*' && y !== '*' && x !== y) return false;
  }
  return left.length === right.length;
}

/** Whether every literal subject that matches `other` matches `filter` too. */
export function subjectCovers(filter: string, other: string): boolean {
  const filterTokens = filter.split('.');
  const tokens = other.split('.');
  for (const [index, token] of filterTokens.entries()) {
    if (token === '>') return tokens.length > index;
    const theirs = tokens[index];
    if (theirs === undefined || theirs === '>') return false;
    if (token !== '*' && token !== theirs) return false;
  }
  return filterTokens.length === tokens.length;
}

/**
 * Parses a trigger pattern. Tokens: literal, `*`, `{name}` (one token), and last `>` or `{name>}` (the rest).
 * Unnamed wildcards are named by their order: `"0"`, `"1"`, …
 * @returns the pattern, or what is wrong with it as a sentence
 */
export function parseSubjectPattern(pattern: string): SubjectPattern | string {
  const captures: SubjectCapture[] = [];
  const tokens: string[] = [];
  const parts = pattern.split('.');
  for (const [index, part] of parts.entries()) {
    const named = /^\{([A-Za-z_][A-Za-z0-9_]{0,63})(>?)\}$/.exec(part);
    const rest = part === '>' || named?.[2] === '>';
    if (rest && index !== parts.length - 1)
      return `"${part}" takes all the rest, so it must be the last token`;
    if (named !== null || part === '*' || part === '>') {
      const name = named?.[1] ?? String(captures.length);
      if (name === '__proto__') return '"__proto__" cannot name a capture';
      if (captures.some((capture) => capture.name === name)) return `the name "${name}" is used twice`;
      captures.push({ index, name, rest });
      tokens.push(rest ? '>' : '*');
      continue;
    }
    if (/[{}]/.test(part)) return `"${part}" is not a capture; write it as {name} or {name>}`;
    tokens.push(part);
  }
  const subject = tokens.join('.');
  if (!isSubject(subject))
    return 'it is not a valid NATS subject (no empty tokens, spaces or control characters)';
  return { pattern, subject, captures };
}

/** First tokens under which no function may listen: they belong to the server, to JetStream and to the control plane. */
const RESERVED_FIRST_TOKENS = ['_INBOX', '_R_', '_HSBOX', '_HSCELL'] as const;

/** Why functions may not listen on `subject`, or undefined when they may. */
export function forbiddenTriggerReason(subject: string): string | undefined {
  const first = subject.split('.', 1)[0] ?? '';
  if (first.startsWith('$')) return `"${first}" belongs to the server and the control plane`;
  if (first === '>' || first === '*')
    return `"${subject}" would also catch inboxes and control subjects; begin with a token of your own`;
  if (RESERVED_FIRST_TOKENS.some((reserved) => first === reserved || first.startsWith(reserved))) {
    return `"${first}" is reserved for replies`;
  }
  return undefined;
}
