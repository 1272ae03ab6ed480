import { SECRET_LIMITS } from '../../core/index.ts';

/** `text` without the secrets in it. */
export type Redact = (text: string) => string;

/**
 * Makes what takes secrets out of texts that leave a function without its meaning them to: lines of its log
 * and the texts of its errors. It finds a value as it is and as JSON writes it, not one that was taken apart.
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
    let clean = text;
    for (const { form, mark } of found) clean = clean.replaceAll(form, () => mark);
    for (const { form, mark } of found) clean = withoutCutEnd(clean, form, mark);
    return clean;
  };
}

function formsOf(value: string): readonly string[] {
  const quoted = JSON.stringify(value).slice(1, -1);
  return quoted === value ? [value] : [value, quoted];
}

/** Lines and messages are cut where they are too long, which may be in the middle of a value. */
function withoutCutEnd(text: string, form: string, mark: string): string {
  const cut = /…?$/.exec(text)?.index ?? text.length;
  const first = form.slice(0, SECRET_LIMITS.redactedChars);
  const earliest = Math.max(0, cut - form.length + 1);
  for (let at = text.indexOf(first, earliest); at !== -1 && at < cut; at = text.indexOf(first, at + 1)) {
    if (form.startsWith(text.slice(at, cut))) return `${text.slice(0, at)}${mark}${text.slice(cut)}`;
  }
  return text;
}
