import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourceFile } from './scan-source.ts';

/** Root of the repository. */
export const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url));

const NEVER_OURS = /(?:^|\/)(?:\.git|node_modules|dist|coverage|\.hairspring|results)(?:\/|$)/;

/** Every file of the repository: those that git tracks or would add; without git, all but what is never ours. */
export function listTree(): readonly string[] {
  return (listByGit() ?? listByWalking()).filter((path) => existsSync(join(ROOT, path))).sort();
}

function listByGit(): readonly string[] | undefined {
  try {
    const args = ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
    const out = execFileSync('git', args, {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return out.split('\0').filter((path) => path !== '');
  } catch {
    return undefined;
  }
}

function listByWalking(): readonly string[] {
  return readdirSync(ROOT, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length).replaceAll('\\', '/'))
    .filter((path) => !NEVER_OURS.test(path));
}

export function readTree(keep: (path: string) => boolean): readonly SourceFile[] {
  return listTree()
    .filter(keep)
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** Whether a file is source of ours whose imports count. */
export function isSource(path: string): boolean {
  return /^(?:src(?!\/runtime\/guest\/generated\/)|bin|examples(?!\/[^/]+\/assembly\/))\/.*(?<!\.d)\.(?:ts|js)$/.test(
    path,
  );
}
