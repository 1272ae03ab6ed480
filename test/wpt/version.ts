/** Which version of its tests a folder of a checkout has, so that two runs can be told apart. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WptFile } from './checkout.ts';

const CHARS = 10;

/** The revision of a git checkout, what Node's copy says of the folder, or else a hash of the tests themselves. */
export function versionOf(root: string, folder: string, tests: readonly WptFile[]): string {
  return gitRevision(root) ?? copiedRevision(root, folder) ?? hashOf(tests);
}

function gitRevision(root: string): string | undefined {
  if (!existsSync(join(root, '.git'))) return undefined;
  const { status, stdout } = spawnSync('git', ['-C', root, 'rev-parse', 'HEAD'], { encoding: 'utf8' });
  return status === 0 ? stdout.slice(0, CHARS) : undefined;
}

/** Node's repository has folders of several revisions, named in one file. */
function copiedRevision(root: string, folder: string): string | undefined {
  const path = join(root, 'versions.json');
  if (!existsSync(path)) return undefined;
  const versions = JSON.parse(readFileSync(path, 'utf8')) as Record<string, { readonly commit: string }>;
  const name = Object.keys(versions).find((each) => folder === each || folder.startsWith(`${each}/`));
  return name === undefined ? undefined : versions[name]?.commit.slice(0, CHARS);
}

function hashOf(tests: readonly WptFile[]): string {
  const hash = createHash('sha256');
  for (const { path, text } of tests) hash.update(`${path}\0${text}\0`);
  return `sha256:${hash.digest('hex').slice(0, CHARS)}`;
}
