/** `npm run build`: compiles src to dist for publication, and copies what runs as it is. */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TSC = fileURLToPath(import.meta.resolve('typescript/package.json'));

rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  [join(dirname(TSC), 'bin', 'tsc'), '-p', 'tsconfig.build.json'],
  {
    cwd: ROOT,
    stdio: 'inherit',
  },
);
if (status !== 0) process.exit(status ?? 1);
// Guest scripts and the watchdog's thread are plain JavaScript.
for (const file of globSync('**/*.js', { cwd: join(ROOT, 'src') })) {
  cpSync(join(ROOT, 'src', file), join(ROOT, 'dist', file));
}
