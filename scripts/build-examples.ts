/** Builds the modules of the WebAssembly examples from their sources: clang, lld and wasi-libc are needed. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const EXAMPLES = fileURLToPath(new URL('../examples', import.meta.url));
const FLAGS = ['--target=wasm32-wasi', '-Oz', '-Wl,--strip-all'];

const MODULES = [
  { folder: 'wasm-upper', source: 'upper.c', module: 'upper.wasm', flags: [] },
  { folder: 'wasm-counter', source: 'counter.c', module: 'counter.wasm', flags: ['-mexec-model=reactor'] },
] as const;

for (const { folder, source, module, flags } of MODULES) {
  const home = join(EXAMPLES, folder);
  mkdirSync(join(home, 'build'), { recursive: true });
  const out = join(home, 'build', module);
  execFileSync('clang', [...FLAGS, ...flags, '-o', out, join(home, 'src', source)], { stdio: 'inherit' });
  console.log(`examples/${folder}/build/${module}`);
}
