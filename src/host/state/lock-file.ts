import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { isAlive, isRunning, ownIdentity } from '../../core/index.ts';

/** What a file system without hard links says to one, such as FAT or some network shares. */
const NO_LINKS: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

const serverSchema = z.object({ pid: z.int().positive(), storeDir: z.string() });
const lockSchema = z.object({
  pid: z.int().positive(),
  birth: z.string().optional(),
  server: serverSchema.optional(),
});

type Lock = z.infer<typeof lockSchema>;

/** A nats-server that works for the process that has the lock, and may outlive it. */
export type LockedServer = z.infer<typeof serverSchema>;

/** A lock that this process has. Disposing removes it; idempotent. */
export interface LockFile extends Disposable {
  /** From now on the lock holds until the server is gone, too. */
  noteServer(server: LockedServer): void;
}

/** A living process that keeps the lock from being taken. */
export interface LockHolder {
  readonly pid: number;
  /** Whether it is what a process that is gone has left running. */
  readonly isServer: boolean;
}

/**
 * Takes `file` for this process, or tells who has it. A lock whose processes are gone is taken over. Of several that
 * try only one gets it: a lock comes to be whole and in one step, and one that is stale is replaced by who has the
 * lock for doing that.
 */
export function takeLockFile(file: string): LockFile | LockHolder {
  while (!tryCreate(file)) {
    const holder = holderOf(file);
    if (holder === 'none') continue;
    if (holder !== 'gone') return holder;
    const takeover = takeLockFile(`${file}.takeover`);
    if (!isTaken(takeover)) return takeover;
    using _takeover = takeover;
    if (holderOf(file) !== 'gone') continue;
    write(file, ownIdentity());
    break;
  }
  return createLock(file);
}

export function isTaken(lock: LockFile | LockHolder): lock is LockFile {
  return 'noteServer' in lock;
}

function createLock(file: string): LockFile {
  let open = true;
  return {
    noteServer: (server) => write(file, { ...ownIdentity(), server }),
    [Symbol.dispose]() {
      if (open) rmSync(file, { force: true });
      open = false;
    },
  };
}

function tryCreate(file: string): boolean {
  const text = JSON.stringify(ownIdentity());
  const draft = `${file}.${randomUUID()}`;
  try {
    writeFileSync(draft, text);
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (NO_LINKS.has(codeOf(error))) return tryWrite(file, text);
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Not in one step: who looks between the two finds a lock that is empty, and takes it over. */
function tryWrite(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Puts it into the place of what is there, in one step. */
function write(file: string, lock: Lock): void {
  const draft = `${file}.${randomUUID()}`;
  try {
    writeFileSync(draft, JSON.stringify(lock));
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function holderOf(file: string): LockHolder | 'gone' | 'none' {
  const text = readOrNone(file);
  if (text === undefined) return 'none';
  const lock = parseLock(text);
  if (lock === undefined) return 'gone';
  // After a restart of its container a process may have the id that it had before.
  if (lock.pid !== process.pid && isRunning(lock)) return { pid: lock.pid, isServer: false };
  const { server } = lock;
  if (server !== undefined && isAlive(server.pid) && isServer(server))
    return { pid: server.pid, isServer: true };
  return 'gone';
}

function parseLock(text: string): Lock | undefined {
  try {
    return lockSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The id may be another process's by now. Where /proc does not say so it counts as the server's. */
function isServer({ pid, storeDir }: LockedServer): boolean {
  const args = readOrNone(`/proc/${pid}/cmdline`);
  return args === undefined || args.split('\0').includes(storeDir);
}

function readOrNone(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
