/** The cells of each row of every table in `markdown` that follows the heading `heading`, up to the next heading. */
export function tableUnder(markdown: string, heading: string): readonly (readonly string[])[] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (start === -1) return [];
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line));
  return tableRows((end === -1 ? rest : rest.slice(0, end)).join('\n'));
}

/** The cells of each body row of every table in `markdown`. */
export function tableRows(markdown: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  const lines = markdown.split('\n');
  for (const [index, line] of lines.entries()) {
    const isHead = /^\|(?:\s*:?-+:?\s*\|)+$/.test(lines[index + 1] ?? '');
    const isRule = /^\|(?:\s*:?-+:?\s*\|)+$/.test(line);
    if (!line.startsWith('|') || isHead || isRule) continue;
    rows.push(
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
  }
  return rows;
}

/** A cell without its backticks. */
export function plain(cell: string): string {
  return cell.replaceAll('`', '');
}

/** Targets of the links and images in `markdown` that lead to a file, code left out. */
export function relativeLinks(markdown: string): readonly string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  return targets
    .filter((target) => !/^(?:[a-z][a-z0-9+.-]*:|#|\/\/)/i.test(target))
    .map((target) => target.replace(/[#?].*$/, ''));
}
