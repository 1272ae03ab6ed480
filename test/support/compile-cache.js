// Loaded before each test file, which is a process of its own: most of what it costs is compiling.
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';

// A process that loads isolated-vm now and then aborts at its end (`environment != nullptr` in its environment.h). With
// the cache that has come more often; without it, seldom.
const FEW_ISOLATES = /\/test\/(?:architecture|cli|control|core|e2e|host|hostservices|triggers)\//;
const LOADS_ISOLATES = /\/support\/(?:functions|wasm|component\/index|[a-z-]+-texts)\.ts'/;

const { HAIRSPRING_TEST_CACHE: folder = '' } = process.env;
const file = process.argv[1] ?? '';
if (folder !== '' && FEW_ISOLATES.test(file.replaceAll('\\', '/'))) {
  if (!LOADS_ISOLATES.test(readFileSync(file, 'utf8'))) enableCompileCache(folder);
}
