import { spawnSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TSC = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin', 'tsc');

/**
 * Compiles src to the folder `outDir` of the repository, in the place of what is there.
 * @param flags of tsc, beside those of tsconfig.build.json
 * @returns whether it could
 */
export function compile(outDir: string, flags: readonly string[] = []): boolean {
  rmSync(join(ROOT, outDir), { recursive: true, force: true });
  const args = [TSC, '-p', 'tsconfig.build.json', '--outDir', outDir, ...flags];
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) return false;
  // Guest scripts and the watchdog's threads are plain JavaScript.
  for (const file of globSync('**/*.js', { cwd: join(ROOT, 'src') })) {
    cpSync(join(ROOT, 'src', file), join(ROOT, outDir, file));
  }
  return true;
}
