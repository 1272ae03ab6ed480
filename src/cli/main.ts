import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { readEnvironment } from './shell/environment.ts';

const env = readEnvironment();
// Starting takes a third of the time with it. A folder that cannot be written does no harm.
enableCompileCache(join(env.cacheDir, 'compiled'));
const { runCli } = await import('./run-cli.ts');
process.exitCode = await runCli(process.argv.slice(2), env);
