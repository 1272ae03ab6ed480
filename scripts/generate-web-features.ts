/**
 * Bundles the web features of the guest into `src/runtime/guest/generated/`, one script each, with the
 * licences of the libraries that went into them. The scripts are committed; a test compares them.
 */
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = 'src/runtime/guest';
const OUTPUT = 'src/runtime/guest/generated';

/** Name under which a feature exports what only other features may have. */
const INTERNALS = 'internals';

/** @returns the generated files, by path from the root */
export async function generateWebFeatures(): Promise<ReadonlyMap<string, string>> {
  const entries = globSync('{web,wasm}/*/index.ts', { cwd: join(ROOT, SOURCES) }).sort();
  const files = new Map<string, string>();
  const packages = new Set<string>();
  for (const entry of entries) {
    const { code, globals, inputs } = await bundle(join(SOURCES, entry));
    const name = basename(dirname(entry));
    files.set(
      `${OUTPUT}/${name}.js`,
      `defineFeature(${JSON.stringify(name)},${JSON.stringify(globals)},(runtime)=>{${code}return feature;});\n`,
    );
    for (const input of Object.keys(inputs)) {
      const home = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
      if (home !== undefined) packages.add(home);
    }
  }
  files.set(`${OUTPUT}/licences.txt`, [...packages].sort().map(licenceOf).join('\n'));
  return files;
}

interface Bundle {
  readonly code: string;
  /** What the entry exports, `internals` aside. */
  readonly globals: readonly string[];
  readonly inputs: Metafile['inputs'];
}

function bundleAs(entry: string, format: 'iife' | 'esm') {
  return build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    format,
    globalName: 'feature',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2024',
    // Names stay: they show in stacks and as the names of classes.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    charset: 'ascii',
    tsconfigRaw: {},
  });
}

async function bundle(entry: string): Promise<Bundle> {
  const { outputFiles } = await bundleAs(entry, 'iife');
  // Only a module says what it exports.
  const { metafile } = await bundleAs(entry, 'esm');
  const [output] = Object.values(metafile.outputs);
  return {
    // A CommonJS module is called by its path, which depends on where the packages are.
    code: (outputFiles[0]?.text ?? '').replaceAll(/"[^"\n]*node_modules\/([^"\n]+)"\(/g, '"$1"('),
    globals: (output?.exports ?? []).filter((name) => name !== INTERNALS).sort(),
    inputs: metafile.inputs,
  };
}

function licenceOf(home: string): string {
  const { name, version } = JSON.parse(readFileSync(join(ROOT, home, 'package.json'), 'utf8'));
  const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt'].find((each) => existsSync(join(ROOT, home, each)));
  const text = file === undefined ? '' : readFileSync(join(ROOT, home, file), 'utf8');
  return `${name} ${version}\n\n${text.trim().replaceAll('\r\n', '\n')}\n`;
}

if (import.meta.main) {
  rmSync(join(ROOT, OUTPUT), { recursive: true, force: true });
  mkdirSync(join(ROOT, OUTPUT), { recursive: true });
  for (const [path, text] of await generateWebFeatures()) {
    writeFileSync(join(ROOT, path), text);
    console.log(`${basename(path).padEnd(24)} ${String(Math.ceil(text.length / 1024)).padStart(5)} KB`);
  }
}
