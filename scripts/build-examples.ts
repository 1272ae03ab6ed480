/**
 * Builds the modules of the WebAssembly examples from their sources. What a tool is missing for is left as it is:
 * clang, lld and wasi-libc for C; rustc with the target wasm32-unknown-unknown for Rust; npm for AssemblyScript and
 * for what makes components of modules.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import loadWabt from 'wabt';
import { makeComponent } from './make-component.ts';

const EXAMPLES = fileURLToPath(new URL('../examples', import.meta.url));
const ASSEMBLYSCRIPT = 'assemblyscript@0.28.20';
const RUST = [
  '--edition',
  '2021',
  '-C',
  'opt-level=z',
  '-C',
  'lto',
  '-C',
  'panic=abort',
  '-C',
  'strip=symbols',
];

interface Example {
  readonly folder: string;
  readonly source: string;
  readonly module: string;
  readonly build: (source: string, module: string) => void | Promise<void>;
}

const wabt = await loadWabt();

const EXAMPLE_MODULES: readonly Example[] = [
  { folder: 'wasm-upper', source: 'src/upper.c', module: 'upper.wasm', build: buildC([]) },
  {
    folder: 'wasm-counter',
    source: 'src/counter.c',
    module: 'counter.wasm',
    build: buildC(['-mexec-model=reactor']),
  },
  { folder: 'wasm-greet', source: 'src/greet.wat', module: 'greet.wasm', build: buildText },
  { folder: 'wasm-mean', source: 'assembly/index.ts', module: 'mean.wasm', build: buildAssemblyScript },
  { folder: 'wasm-notes', source: 'src/notes.c', module: 'notes.wasm', build: buildComponent('notes') },
  { folder: 'wasm-page', source: 'src/page.c', module: 'page.wasm', build: buildComponent('page') },
  { folder: 'wasm-visits', source: 'src/visits.c', module: 'visits.wasm', build: buildComponent('visits') },
  { folder: 'wasm-slug', source: 'src/lib.rs', module: 'slug.wasm', build: buildRust },
];

function buildC(flags: readonly string[]): Example['build'] {
  return (source, module) =>
    run('clang', ['--target=wasm32-wasi', '-Oz', '-Wl,--strip-all', ...flags, '-o', module, source]);
}

/** A component in C; its WIT files are in `wit/`. */
function buildComponent(world: string): Example['build'] {
  return async (source, module) => {
    const flags = ['--target=wasm32', '-nostdlib', '-Oz', '-Wl,--strip-all', '-Wl,--no-entry'];
    run('clang', [...flags, '-o', module, source]);
    const wit = join(dirname(source), '..', 'wit');
    writeFileSync(module, await makeComponent(readFileSync(module), wit, world));
  };
}

function buildText(source: string, module: string): void {
  const parsed = wabt.parseWat(source, readFileSync(source, 'utf8'));
  writeFileSync(module, parsed.toBinary({}).buffer);
  parsed.destroy();
}

/** Each message has a fresh instance, so nothing need be freed. */
function buildAssemblyScript(source: string, module: string): void {
  const flags = ['-Oz', '--runtime', 'stub', '--use', 'abort=', '--outFile', module];
  run('npm', ['exec', '--yes', `--package=${ASSEMBLYSCRIPT}`, '--', 'asc', source, ...flags]);
}

function buildRust(source: string, module: string): void {
  const target = ['--target', 'wasm32-unknown-unknown', '--crate-type', 'cdylib'];
  const linker = ['-C', 'linker=wasm-ld', '-C', 'linker-flavor=wasm-ld'];
  run('rustc', [...target, ...RUST, ...linker, '-o', module, source]);
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
}

for (const { folder, source, module, build } of EXAMPLE_MODULES) {
  const out = join(EXAMPLES, folder, 'build', module);
  mkdirSync(dirname(out), { recursive: true });
  try {
    await build(join(EXAMPLES, folder, source), out);
    console.log(`built    examples/${folder}/build/${module}`);
  } catch (error) {
    process.exitCode = 1;
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    console.log(`not built examples/${folder}/build/${module}: ${reason}`);
  }
}
