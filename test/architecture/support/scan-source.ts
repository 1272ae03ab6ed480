/** A file of the tree under check; tests plant their own. */
export interface SourceFile {
  /** Relative to the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/**
 * A source text taken apart far enough to ask questions of it: `code` has the length and the lines of the
 * original, with comments, regular expressions and the insides of strings blanked, so that a pattern can
 * only hit code.
 */
export interface ScannedSource {
  readonly code: string;
  /** The value of each string literal without interpolation, by the offset of its opening quote in `code`. */
  readonly strings: ReadonlyMap<number, string>;
  readonly comments: readonly { readonly offset: number; readonly text: string }[];
}

/** After one of these a slash divides; after anything else it begins a regular expression. */
const ENDS_A_VALUE = /[\w$)\]}'"`]$/;
const KEYWORD_BEFORE_A_VALUE =
  /(?:^|[^\w$.])(?:return|typeof|case|in|of|instanceof|new|delete|void|throw|yield|await|else|do)$/;

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

/** Scans JavaScript or TypeScript without JSX. */
export function scanSource(text: string): ScannedSource {
  const strings = new Map<number, string>();
  const comments: { offset: number; text: string }[] = [];
  /** For each open template: how many braces are open inside its current `${`. */
  const templates: number[] = [];
  let code = '';
  let significant = '';
  let at = 0;

  const take = (length: number, shown: string): void => {
    code += shown;
    at += length;
  };
  const takeMatch = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? text.slice(at);
  };
  /** Takes template text up to the closing backtick or the next `${`; `at` is on its first character. */
  const takeTemplateText = (openedAt: number | undefined): void => {
    const body = takeMatch(/(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y);
    take(body.length, blank(body));
    if (text.startsWith('${', at)) {
      templates.push(0);
      take(2, '${');
      significant = '{';
      return;
    }
    take(1, '`');
    significant = '`';
    if (openedAt !== undefined) strings.set(openedAt, body);
  };

  while (at < text.length) {
    const char = text.charAt(at);
    const next = text.charAt(at + 1);
    if (char === '/' && (next === '/' || next === '*')) {
      const comment = takeMatch(next === '/' ? /\/\/[^\n]*/y : /\/\*[\s\S]*?\*\//y);
      comments.push({ offset: at, text: comment });
      take(comment.length, blank(comment));
    } else if (char === '"' || char === "'") {
      const literal = takeMatch(char === '"' ? /"(?:[^"\\\n]|\\[\s\S])*"/y : /'(?:[^'\\\n]|\\[\s\S])*'/y);
      strings.set(at, literal.slice(1, -1));
      take(literal.length, `${char}${blank(literal.slice(1, -1))}${char}`);
      significant = char;
    } else if (char === '`') {
      const openedAt = at;
      take(1, '`');
      takeTemplateText(openedAt);
    } else if (char === '}' && templates.at(-1) === 0) {
      templates.pop();
      take(1, '}');
      takeTemplateText(undefined);
    } else if (
      char === '/' &&
      (!ENDS_A_VALUE.test(significant.trimEnd()) || KEYWORD_BEFORE_A_VALUE.test(significant.trimEnd()))
    ) {
      const literal = takeMatch(/\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y);
      take(literal.length, blank(literal));
      significant = '"';
    } else {
      const depth = templates.at(-1);
      if (depth !== undefined && (char === '{' || char === '}')) {
        templates[templates.length - 1] = depth + (char === '{' ? 1 : -1);
      }
      significant = /\S/.test(char) ? (significant + char).slice(-16) : `${significant.trimEnd()} `;
      take(1, char);
    }
  }
  return { code, strings, comments };
}

/** 1-based line of `offset` in `text`. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
