import type { HttpBinding } from '../../core/index.ts';
import {
  distinct,
  type GrantSuggestion,
  type GrantUse,
  generalizeLast,
  refusedNote,
  type SuggestOptions,
} from '../shared/grant-suggestion.ts';
import { HTTP_LIMITS } from './limits.ts';
import { METHODS } from './schema.ts';
import { coversUrl, parseUrlPattern } from './url-pattern.ts';

/** Those that a Nexfile may name; another one needs all. */
const NAMED_METHODS: readonly string[] = METHODS;

/** The smallest http grant: each URL as it was fetched, unless patterns are asked for or there are too many. */
export function suggestHttpGrant(
  binding: HttpBinding,
  uses: readonly GrantUse[],
  { generalize }: SuggestOptions,
): GrantSuggestion<HttpBinding> {
  const known = uses.flatMap(({ op, name, outcome }) => {
    const [method = '', text = ''] = name.split(' ');
    const url = op === 'open' ? URL.parse(text) : null;
    return url === null || !/^https?:$/.test(url.protocol) ? [] : [{ method, url, outcome }];
  });
  if (known.length === 0) return { binding, notes: [] };
  const shown = (outcome: GrantUse['outcome']): readonly string[] =>
    known.filter((use) => use.outcome === outcome).map(({ method, url }) => `${method} ${url.href}`);
  const methods = distinct(known.map(({ method }) => method));
  const notes = [...refusedNote(shown('denied'))];
  const [hidden] = shown('address-denied');
  if (hidden !== undefined) notes.push(`not at a public address: ${hidden}; only private: true allows that`);
  const patterns = toPatterns(
    known.map(({ url }) => url),
    generalize,
  );
  return {
    binding: {
      ...binding,
      urls: patterns ?? binding.urls,
      methods: methods.every((method) => NAMED_METHODS.includes(method)) ? methods : [],
    },
    notes,
  };
}

/** @returns undefined when even one pattern for each server is too many */
function toPatterns(urls: readonly URL[], generalize: number | undefined): readonly string[] | undefined {
  const exact = distinct(urls.map(toPattern));
  const tries = [
    () => generalizePaths(exact, generalize),
    () => generalizePaths(exact, 1),
    () => distinct(urls.map(({ origin }) => `${origin}/*`)),
  ];
  for (const attempt of tries) {
    const patterns = attempt();
    if (patterns.length <= HTTP_LIMITS.urlPatterns) return patterns;
  }
  return undefined;
}

/** The URL itself; a path that no pattern but that for all of them covers becomes that. */
function toPattern(url: URL): string {
  const exact = `${url.origin}${url.pathname}`;
  const parsed = parseUrlPattern(exact);
  return typeof parsed !== 'string' && coversUrl(parsed, url) ? exact : `${url.origin}/*`;
}

/** Paths that hold a star are left alone: it stands for any characters, and is no part of a name. */
function generalizePaths(patterns: readonly string[], limit: number | undefined): readonly string[] {
  return distinct([
    ...patterns.filter((pattern) => pattern.includes('*')),
    ...generalizeLast(
      patterns.filter((pattern) => !pattern.includes('*')),
      '/',
      limit,
    ),
  ]);
}
