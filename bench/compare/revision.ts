/** Another commit of this repository, ready to run beside the working tree. */
import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A commit that cannot be compared with; the message says why and what can. */
export class RevisionError extends Error {
  override readonly name = 'RevisionError';
}

/** Disposing removes it. */
export interface Revision extends AsyncDisposable {
  readonly folder: string;
  /** Short. */
  readonly commit: string;
}

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What a commit needs to take part. */
const ARENA = 'bench/compare/arena.ts';
const LOCKFILE = 'package-lock.json';

const run = promisify(execFile);

type Git = (...args: readonly string[]) => Promise<string | undefined>;

/** Gives what git says, or undefined when it fails. */
function gitIn(cwd: string): Git {
  return async (...args) => {
    try {
      return (await run('git', args, { cwd, maxBuffer: 64 * 1024 ** 2 })).stdout.trim();
    } catch {
      return undefined;
    }
  };
}

export interface CheckOutOptions {
  /** Tells what goes on, in a line. */
  readonly note: (text: string) => void;
  /** @default this repository */
  readonly root?: string;
}

/**
 * Checks a commit out into a temporary worktree, with the packages of its own lockfile.
 * @throws RevisionError
 */
export async function checkOut(revision: string, { note, root = ROOT }: CheckOutOptions): Promise<Revision> {
  const git = gitIn(root);
  const what = `Comparing with --base "${revision}"`;
  const hash = await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`);
  if (hash === undefined)
    throw new RevisionError(`${what}: git knows no such commit; \`git log --oneline\` lists them`);
  const commit = hash.slice(0, 12);
  if ((await git('cat-file', '-e', `${hash}:${ARENA}`)) === undefined)
    throw new RevisionError(
      `${what}: commit ${commit} has no ${ARENA}, so it cannot be measured in turns; commits that have it can. Of older ones compare the files that \`npm run bench -- --json FILE\` writes, if their format is 2`,
    );
  await using stack = new AsyncDisposableStack();
  const parent = await mkdtemp(join(tmpdir(), 'hairspring-base-'));
  stack.defer(() => rm(parent, { recursive: true, force: true }));
  const folder = join(parent, commit);
  stack.defer(async () => void (await git('worktree', 'remove', '--force', folder)));
  note(`checking out ${commit}`);
  if ((await git('worktree', 'add', '--detach', folder, hash)) === undefined)
    throw new RevisionError(`${what}: git could not check ${commit} out into ${folder}`);
  const modules = join(folder, 'node_modules');
  // First of all, so that nothing walks through the link into the packages of the working tree.
  stack.defer(() => rm(modules, { recursive: true, force: true }));
  // The lockfile of the working tree, changed or not.
  const changed = await git('diff', '--name-only', hash, '--', LOCKFILE);
  if (changed === '') await symlink(await realpath(join(root, 'node_modules')), modules);
  else await installPackages(folder, commit, { what, note });
  const owned = stack.move();
  return { folder, commit, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

interface Telling {
  readonly what: string;
  readonly note: (text: string) => void;
}

async function installPackages(folder: string, commit: string, { what, note }: Telling): Promise<void> {
  note(`installing the packages of ${commit}: its lockfile is another one`);
  try {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n').slice(0, 3).join('; ') : String(error);
    throw new RevisionError(`${what}: its packages cannot be installed: ${reason}`);
  }
}
