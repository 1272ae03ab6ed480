import { readFile } from 'node:fs/promises';

/** A Debian archive that the machine's apt is configured with. */
export interface DebianArchive {
  readonly uri: string;
  /** The machine's suites from it, in apt's order. */
  readonly suites: readonly string[];
  /** Value of `Signed-By` (a keyring's path, or an armoured key with its continuation lines). */
  readonly signedBy: string | undefined;
}

/** For `apt-get indextargets --format`; works without downloaded lists too. */
export const INDEX_TARGET_FORMAT = '$(CREATED_BY)|$(REPO_URI)|$(RELEASE)|$(SOURCESENTRY)';

const FALLBACK_KEYRINGS = [
  '/usr/share/keyrings/debian-archive-keyring.pgp',
  '/usr/share/keyrings/debian-archive-keyring.gpg',
];

/** The Debian archives (not security, not other vendors') in what `apt-get indextargets` printed. */
export async function readDebianArchives(indexTargets: string): Promise<DebianArchive[]> {
  const byUri = new Map<string, { suites: Set<string>; file: string }>();
  for (const line of indexTargets.split('\n')) {
    const [createdBy, uri = '', suite = '', entry = ''] = line.split('|');
    if (createdBy !== 'Packages' || !/^https?:\/\/.*\/debian\/?$/.test(uri) || !/^[\w./-]+$/.test(suite))
      continue;
    const archive = byUri.get(uri) ?? { suites: new Set(), file: entry.replace(/:\d+$/, '') };
    archive.suites.add(suite);
    byUri.set(uri, archive);
  }
  const archives: DebianArchive[] = [];
  for (const [uri, { suites, file }] of byUri) {
    const text = await readFile(file, 'utf8').catch(() => '');
    archives.push({ uri, suites: [...suites], signedBy: signedBy(text, uri) ?? (await fallbackKeyring()) });
  }
  return archives;
}

/** `Signed-By` of the entry for `uri` in an apt sources file of either form. */
function signedBy(sources: string, uri: string): string | undefined {
  const bare = uri.replace(/\/$/, '');
  for (const line of sources.split('\n')) {
    const options = /^deb\s+\[([^\]]*)\]\s+(\S+)/.exec(line);
    if (options?.[2]?.replace(/\/$/, '') !== bare) continue;
    const path = /(?:^|\s)signed-by=(\S+)/i.exec(options[1] ?? '')?.[1];
    if (path !== undefined) return path;
  }
  const withoutComments = sources.replace(/^#.*\n?/gm, '');
  for (const stanza of withoutComments.split(/\n\s*\n/)) {
    const uris = /^URIs:\s*(.*)$/im.exec(stanza)?.[1]?.split(/\s+/) ?? [];
    if (!uris.some((candidate) => candidate.replace(/\/$/, '') === bare)) continue;
    const value = /^Signed-By:[ \t]*(.*(?:\n[ \t]+.*)*)/im.exec(stanza)?.[1];
    if (value !== undefined) return value;
  }
  return undefined;
}

/** A deb822 sources file for `suites` of `archive` that makes apt fetch the package index and nothing else. */
export function renderSources(
  archive: DebianArchive,
  suites: readonly string[],
  architecture: string,
): string {
  return [
    'Types: deb',
    `URIs: ${archive.uri}`,
    `Suites: ${suites.join(' ')}`,
    'Components: main',
    `Architectures: ${architecture}`,
    'Targets: Packages',
    'Languages: none',
    'PDiffs: no',
    ...(archive.signedBy === undefined ? [] : [`Signed-By: ${archive.signedBy}`]),
    '',
  ].join('\n');
}

async function fallbackKeyring(): Promise<string | undefined> {
  for (const path of FALLBACK_KEYRINGS) {
    if (await readFile(path).catch(() => undefined)) return path;
  }
  return undefined;
}
