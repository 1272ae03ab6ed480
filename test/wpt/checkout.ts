/** What a checkout of the Web Platform Tests holds. https://web-platform-tests.org/writing-tests/testharness.html */
import { globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

export interface WptFile {
  /** From the root of the checkout. */
  readonly path: string;
  /** Scripts that it needs, by their paths. */
  readonly scripts: readonly string[];
  /** Query strings under which it runs; one, and empty, unless it names others. */
  readonly variants: readonly string[];
  readonly long: boolean;
  readonly text: string;
}

/** Where a test must be able to run to be one of ours: we have no window, and no realm within one. */
const OUR_SCOPES = ['dedicatedworker', 'worker', 'sharedworker', 'serviceworker'];

/** The tests of a folder, or the one of a file, that need no window. */
export function listTests(root: string, folder: string): readonly WptFile[] {
  const at = join(root, folder);
  const found = statSync(at, { throwIfNoEntry: false })?.isFile()
    ? [at]
    : globSync(['**/*.any.js', '**/*.worker.js'], { cwd: at }).map((path) => join(at, path));
  return found
    .sort()
    .map((path) => readTest(root, relative(root, path)))
    .filter((file) => file !== undefined);
}

function readTest(root: string, path: string): WptFile | undefined {
  const text = readFileSync(join(root, path), 'utf8');
  const meta = [...text.matchAll(/^\/\/ META: (\w+)=(.*)$/gm)].map(([, key = '', value = '']) => ({
    key,
    value: value.trim(),
  }));
  const valuesOf = (key: string) => meta.filter((each) => each.key === key).map(({ value }) => value);
  const scopes = valuesOf('global').flatMap((value) => value.split(','));
  if (scopes.length > 0 && !scopes.some((scope) => OUR_SCOPES.includes(scope))) return undefined;
  const scripts = [...valuesOf('script'), ...importedScripts(path, text)].map((script) =>
    resolveFrom(path, script),
  );
  // Such variants are parts of one whole, for the sake of time; without one it runs whole.
  const isSplit = scripts.some((script) => script.startsWith('common/subset-tests'));
  const variants = isSplit ? [] : valuesOf('variant');
  return {
    path,
    scripts,
    variants: variants.length === 0 ? [''] : variants,
    long: valuesOf('timeout').includes('long'),
    text,
  };
}

/** What a test for workers loads by itself; the harness is there anyway. */
function importedScripts(path: string, text: string): readonly string[] {
  if (!path.endsWith('.worker.js')) return [];
  return [...text.matchAll(/^importScripts\(([^)]*)\)/gm)]
    .flatMap(([, list = '']) => [...list.matchAll(/["']([^"']+)["']/g)].map(([, script = '']) => script))
    .filter((script) => !script.endsWith('/testharness.js'));
}

/** A path within the checkout, as `reference` in the file `from` names it. */
export function resolveFrom(from: string, reference: string): string {
  const [path = ''] = reference.split(/[?#]/);
  return normalize(path.startsWith('/') ? path.slice(1) : join(dirname(from), path));
}

/** Paths that WPT's server has for files that lie elsewhere. */
const ALIASES: Readonly<Record<string, string>> = {
  'resources/WebIDLParser.js': 'resources/webidl2/lib/webidl2.js',
};

/** The text of a script, with what WPT's server would put into it. */
export function readScript(root: string, path: string): string {
  const text = readFileSync(join(root, ALIASES[path] ?? path), 'utf8');
  if (!path.includes('.sub.')) return text;
  return text.replaceAll(/\{\{([^}]*)\}\}/g, (_whole, name: string) => {
    if (name.startsWith('ports')) return '80';
    return name.includes('hosts') || name.includes('domains') || name === 'host' ? 'wpt.test' : '';
  });
}
