import { type FSWatcher, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { systemClock } from '../../core/index.ts';

/** Editors write a file in several steps; what comes within this time is one change. */
const DEBOUNCE_MS = 15;
/** A folder tree with more folders than this is watched in part. */
const MAX_FOLDERS = 2_000;

export interface TreeWatcher extends Disposable {
  /** Watches the folders below `root` as they are now, and those of `files` wherever they are. */
  sync(files: readonly string[]): Promise<void>;
}

/**
 * Calls `onChange` after something in the tree of `root` has changed. Folders are watched rather than
 * files, because editors put a new file in the place of the old one. `node_modules` and folders whose
 * name begins with a dot are left out, unless one of the files given to `sync` is directly in them.
 * @param onBlind told once, in words for the user, when a folder is not watched
 */
export function watchTree(
  root: string,
  onChange: () => void,
  onBlind: (reason: string) => void = () => undefined,
): TreeWatcher {
  const watchers = new Map<string, FSWatcher>();
  let cancel = (): void => undefined;
  let disposed = false;
  let isBlind = false;

  function changed(): void {
    cancel();
    if (!disposed) cancel = systemClock.after(DEBOUNCE_MS, onChange);
  }

  function unwatch(folder: string): void {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  }

  /** A folder that was removed or moved and made anew is another one, of which its watcher says nothing. */
  function forget(path: string): void {
    for (const folder of [...watchers.keys()])
      if (folder === path || folder.startsWith(path + sep)) unwatch(folder);
  }

  /** @returns whether it is watched */
  function watchFolder(folder: string): boolean {
    try {
      const watcher = watch(folder, (type, name) => {
        if (type === 'rename' && name !== null) forget(join(folder, name));
        if (name === null || !isIgnored(name)) changed();
      });
      watcher.on('error', () => {
        unwatch(folder);
        changed();
      });
      watchers.set(folder, watcher);
      return true;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      // When it is gone again its parent has told of that, or will.
      if (code !== 'ENOENT' && code !== 'ENOTDIR') tellBlind(unwatched(folder, code));
      return false;
    }
  }

  function tellBlind(reason: string): void {
    if (!isBlind) onBlind(reason);
    isBlind = true;
  }

  return {
    async sync(files) {
      const { watched, left } = await foldersBelow(resolve(root));
      if (left !== undefined) tellBlind(tooMany(root, left));
      const folders = new Set(watched);
      for (const file of files) folders.add(dirname(resolve(file)));
      if (disposed) return;
      const isFirst = watchers.size === 0;
      for (const folder of watchers.keys()) if (!folders.has(folder)) unwatch(folder);
      const added = [...folders].filter((folder) => !watchers.has(folder)).filter(watchFolder);
      // What happened in a new folder before it was watched would be missed otherwise.
      if (!isFirst && added.length > 0) changed();
    },
    [Symbol.dispose]() {
      disposed = true;
      cancel();
      for (const folder of [...watchers.keys()]) unwatch(folder);
    },
  };
}

function unwatched(folder: string, code: string): string {
  const limits = code === 'ENOSPC' || code === 'EMFILE';
  const hint = limits ? '; raise fs.inotify.max_user_watches and max_user_instances' : '';
  return `Changes in ${folder}, and perhaps others, are not seen (${code})${hint}`;
}

function tooMany(root: string, left: string): string {
  return `Below ${root} are more than the ${MAX_FOLDERS} folders that are watched: changes in ${left}, and others, are not seen; name the folder of the function`;
}

/** Those that are watched, the nearest first, and one that is not where there are too many. */
async function foldersBelow(root: string): Promise<{ watched: readonly string[]; left: string | undefined }> {
  const found = [root];
  for (let at = 0; at < found.length && found.length <= MAX_FOLDERS; at += 1) {
    const folder = found[at] ?? root;
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.isDirectory() && !isIgnored(entry.name)) found.push(join(folder, entry.name));
    }
  }
  return { watched: found.slice(0, MAX_FOLDERS), left: found[MAX_FOLDERS] };
}

/** Also the scratch files of editors: `.file.swp`, `file~`, `4913`. */
function isIgnored(name: string): boolean {
  return name === 'node_modules' || name.startsWith('.') || name.endsWith('~') || name === '4913';
}
