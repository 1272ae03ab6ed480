/** Finds what a path names, and never leaves the directory that it starts from. */
import { fail } from './errno.ts';
import { type DirectoryNode, FILE_TYPE, type FsNode } from './nodes.ts';

/** Symbolic links followed in one path. */
const MAX_LINKS = 32;
const MAX_PATH_CHARS = 4096;
const MAX_NAME_CHARS = 255;

export interface Found {
  /** The directory that holds, or would hold, the last name. */
  readonly directory: DirectoryNode;
  /** The last name; `.` for the directory itself. */
  readonly name: string;
  readonly node: FsNode | undefined;
  /** Whether the path ends with a slash, and so must name a directory. */
  readonly slash: boolean;
}

/**
 * @param base where the path starts; above it the path does not get
 * @param follow whether a symbolic link at the end is followed
 */
export function walk(base: DirectoryNode, path: string, follow: boolean): Found {
  if (path.length > MAX_PATH_CHARS) fail('nametoolong');
  if (path === '') fail('noent');
  if (path.includes('\0')) fail('inval');
  if (path.startsWith('/')) fail('perm');
  const pending = path.split('/').reverse();
  let directory = base;
  /** How far below `base` the walk is. */
  let depth = 0;
  let links = 0;
  let name = '.';
  let node: FsNode | undefined = base;
  let slash = false;
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    slash = pending.length === 0 && part === '' && path !== '';
    if (part === '' || part === '.') {
      if (pending.length === 0 && part === '.') slash = true;
      if (node !== undefined && node.type !== FILE_TYPE.directory && node.type !== FILE_TYPE.symbolicLink)
        fail('notdir');
      continue;
    }
    if (part.length > MAX_NAME_CHARS) fail('nametoolong');
    if (node === undefined) fail('noent');
    if (node.type !== FILE_TYPE.directory) fail('notdir');
    directory = node;
    if (part === '..') {
      depth -= 1;
      if (depth < 0 || directory.parent === undefined) fail('perm');
      node = directory.parent;
      directory = node;
      name = '.';
      continue;
    }
    name = part;
    node = directory.entries.get(part);
    const last = pending.length === 0;
    const mustFollow = !last || follow;
    if (node?.type === FILE_TYPE.symbolicLink && mustFollow && !(onlyEmpty(pending) && !follow)) {
      links += 1;
      if (links > MAX_LINKS) fail('loop');
      if (node.target.startsWith('/')) fail('perm');
      pending.push(...node.target.split('/').reverse());
      node = directory;
      name = '.';
      continue;
    }
    if (node?.type === FILE_TYPE.directory) depth += 1;
  }
  return { directory, name, node, slash };
}

/** Whether nothing but trailing slashes is left. */
function onlyEmpty(pending: readonly string[]): boolean {
  return pending.every((part) => part === '');
}

/** What the path names. Fails where there is nothing. */
export function lookUp(base: DirectoryNode, path: string, follow: boolean): FsNode {
  const { node, slash } = walk(base, path, follow);
  if (node === undefined) fail('noent');
  if (slash && node.type !== FILE_TYPE.directory) {
    if (node.type === FILE_TYPE.symbolicLink) {
      const target = walk(base, path.replace(/\/+$/, ''), true).node;
      if (target?.type === FILE_TYPE.directory) return target;
    }
    fail('notdir');
  }
  return node;
}
