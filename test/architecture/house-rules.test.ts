import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { lineAt, type SourceFile, scanSource } from './support/scan-source.ts';
import { listTree, ROOT, readTree } from './support/tree.ts';

const MAX_LINES = 500;
const BINARY = /\.(?:png|jpg|gif|ico|wasm|gz|zip|woff2)$/;
const GENERATED =
  /^(?:(?:bench\/[^/]+\/)?package-lock\.json$|LICENSE$|schema\/|src\/runtime\/guest\/generated\/)/;

const files = readTree((path) => !BINARY.test(path));
/** AssemblyScript has the suffix of TypeScript, and other rules. */
const ASSEMBLYSCRIPT = /^examples\/[^/]+\/assembly\//;
const code = files.filter(
  ({ path }) => /\.(?:ts|js|mjs)$/.test(path) && !GENERATED.test(path) && !ASSEMBLYSCRIPT.test(path),
);

/** Each hit of `pattern` in the code of `file`, comments and strings left out. */
function hitsInCode(file: SourceFile, pattern: RegExp): readonly string[] {
  return [...scanSource(file.text).code.matchAll(pattern)].map(
    (match) => `${file.path}:${lineAt(file.text, match.index)} ${match[0]}`,
  );
}

test('The house rules see the tree and not an empty list', () => {
  assert.ok(files.length >= 40, `${files.length} files seen`);
  assert.ok(code.length >= 20, `${code.length} files of code seen`);
});

test(`No file is longer than ${MAX_LINES} lines`, () => {
  const long = files
    .filter((file) => !GENERATED.test(file.path))
    .map((file) => ({ path: file.path, lines: file.text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES);
  assert.deepEqual(long, []);
});

test('No value is cast to any, and there is no enum, namespace or decorator', () => {
  const patterns = [
    /\bas\s+any\b/g,
    /<any>/g,
    /^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s+\w+/gm,
    /^\s*(?:export\s+)?namespace\s+\w+/gm,
    /^\s*@\w+(?:\(|\s)/gm,
  ];
  assert.deepEqual(
    code.flatMap((file) => patterns.flatMap((pattern) => hitsInCode(file, pattern))),
    [],
  );
});

test('Source throws coded errors only, and has no default export', () => {
  // What runs in the guest throws the errors of the web.
  const source = code.filter((file) => /^src\/(?!runtime\/guest\/).*\.ts$/.test(file.path));
  assert.deepEqual(
    source.flatMap((file) =>
      hitsInCode(file, /\bthrow\s+new\s+(?:Type|Range)?Error\b|^export\s+default\b/gm),
    ),
    [],
  );
});

test('No comment puts work off', () => {
  const found = code.flatMap((file) =>
    scanSource(file.text)
      .comments.filter((comment) => /\b(?:TODO|FIXME|XXX|HACK)\b/.test(comment.text))
      .map((comment) => `${file.path}:${lineAt(file.text, comment.offset)} ${comment.text}`),
  );
  assert.deepEqual(found, []);
});

test('No file names a folder of somebody’s machine', () => {
  // Ada is nobody: tests of paths in a home folder use hers.
  const roots = ['work', 'root', 'home', 'Users'].join('|');
  const pattern = new RegExp(`(?<![\\w.*~}-])/(?:${roots})/(?!ada\\b)[\\w.-]+`, 'g');
  const found = files.flatMap((file) =>
    [...file.text.matchAll(pattern)].map(
      (match) => `${file.path}:${lineAt(file.text, match.index)} ${match[0]}`,
    ),
  );
  assert.deepEqual(found, []);
});

test('The lockfile names no registry, so that any registry serves it', () => {
  const lock = files.find((file) => file.path === 'package-lock.json');
  assert.ok(lock !== undefined);
  assert.deepEqual(lock.text.match(/"resolved": "https?:[^"]*"/g) ?? [], []);
});

test('npm ci has nothing to warn of: no wish for another Node than that of npm, each install script decided on', () => {
  const lock = JSON.parse(files.find(({ path }) => path === 'package-lock.json')?.text ?? '{}');
  const manifest = JSON.parse(files.find(({ path }) => path === 'package.json')?.text ?? '{}');
  const packages = Object.entries<{ readonly engines?: unknown; readonly hasInstallScript?: boolean }>(
    lock.packages,
  ).filter(([path]) => path.startsWith('node_modules/'));
  assert.ok(packages.length >= 50, `${packages.length} packages in the lockfile`);
  assert.deepEqual(
    packages.filter(([, { engines }]) => engines !== undefined).map(([path]) => path),
    [],
    'run node scripts/complete-lockfile.ts',
  );
  const withScripts = packages
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => path.replace('node_modules/', ''));
  assert.deepEqual(withScripts.toSorted(), Object.keys(manifest.allowScripts).toSorted());
});

test('File and folder names are kebab-case', () => {
  const kebab = /^\.?[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/;
  const known = /^(?:[A-Z]+\.md|LICENSE|Nexfile(?:\.ya?ml|\.json)?)$/;
  const odd = listTree()
    .filter((path) => !path.includes('/fixtures/'))
    .filter((path) => path.split('/').some((name) => !kebab.test(name) && !known.test(name)));
  assert.deepEqual(odd, []);
});

test('The launcher is plain JavaScript that parses as it is', () => {
  const launchers = code.filter((file) => /^bin\/.*\.js$/.test(file.path));
  assert.ok(launchers.length >= 2, `${launchers.length} files in bin`);
  for (const { path } of launchers) {
    execFileSync(process.execPath, ['--no-strip-types', '--check', join(ROOT, path)], { stdio: 'pipe' });
  }
});
