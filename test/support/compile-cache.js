// Loaded before each test file, which is a process of its own: most of what it costs is compiling.
import { enableCompileCache } from 'node:module';

// Of these no process loads isolated-vm, which now and then aborts at the end of a process that has the cache.
const CACHED = /\/test\/(?:architecture|cli|control|core|e2e|host|hostservices|triggers)\//;

const { HAIRSPRING_TEST_CACHE: folder = '' } = process.env;
if (folder !== '' && CACHED.test((process.argv[1] ?? '').replaceAll('\\', '/'))) enableCompileCache(folder);
