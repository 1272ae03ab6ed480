import { type Redact, SECRET_LIMITS } from '../../core/index.ts';

/** More of a text than this nobody is shown: feeds and replies cut it far earlier. */
const MAX_TEXT_CHARS = 64 * 1024;
/**
 * Characters that are compared for one form of a value in one text. A function may write what looks like its
 * secret everywhere, and must not hold the thread by that; the rest of such a text is left out.
 */
const MAX_COMPARED = 1024 ** 2;

interface Form {
  readonly form: string;
  readonly mark: string;
}

/**
 * Makes what takes secrets out of texts that leave a function without its meaning them to: lines of its log
 * and the texts of its errors. It finds a value as it is and as it is written in JSON, not one that was taken apart.
 * @param secrets values by label
 */
export function createRedact(secrets: Readonly<Record<string, string>>): Redact | undefined {
  const found = Object.entries(secrets)
    .filter(([, value]) => value.length >= SECRET_LIMITS.redactedChars)
    .flatMap(([label, value]) => formsOf(value).map((form) => ({ form, mark: `[secret ${label}]` })))
    // A value that another one contains must not leave the rest of that one behind.
    .sort((a, b) => b.form.length - a.form.length);
  if (found.length === 0) return undefined;
  return (text) => {
    let clean = text.slice(0, MAX_TEXT_CHARS);
    for (const each of found) clean = replace(clean, each, isWhole);
    for (const each of found) clean = replace(clean, each, isCut);
    return clean;
  };
}

/** As it is, as JSON writes it, and as the console shows it within objects. */
function formsOf(value: string): readonly string[] {
  const quoted = JSON.stringify(value).slice(1, -1);
  return [...new Set([value, quoted, quoted.replaceAll('\\"', '"')])];
}

type IsWanted = (text: string, end: number, form: string, length: number) => boolean;

const isWhole: IsWanted = (_text, _end, form, length) => length === form.length;

/** Lines, messages and what is shown of an object are cut where they are too long, which may be within a value. */
const isCut: IsWanted = (text, end) => end === text.length || text.charAt(end) === '…';

/** Puts the mark where the form stands, or as much of its beginning as is wanted. */
function replace(text: string, { form, mark }: Form, isWanted: IsWanted): string {
  const head = form.slice(0, SECRET_LIMITS.redactedChars);
  let clean = '';
  let done = 0;
  let compared = 0;
  for (let at = text.indexOf(head); at !== -1; at = text.indexOf(head, at + 1)) {
    if (at < done) continue;
    const length = commonLength(text, at, form);
    compared += length;
    if (compared > MAX_COMPARED) return `${clean}${text.slice(done, at)}${mark}…`;
    if (!isWanted(text, at + length, form, length)) continue;
    clean += text.slice(done, at) + mark;
    done = at + length;
  }
  return clean + text.slice(done);
}

function commonLength(text: string, at: number, form: string): number {
  let length = 0;
  while (length < form.length && text.charCodeAt(at + length) === form.charCodeAt(length)) length += 1;
  return length;
}
