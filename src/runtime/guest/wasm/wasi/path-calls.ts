/** Calls that name something by a path. https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md */
import { FD_FLAG } from './descriptors.ts';
import { fail } from './errno.ts';
import { setTimes, toRights, writeFilestat } from './fd-calls.ts';
import { type DirectoryNode, FILE_TYPE, type FsNode } from './nodes.ts';
import type { WasiProcess } from './process.ts';
import { DIRECTORY_RIGHTS, FILE_RIGHTS, RIGHT } from './rights.ts';
import { lookUp, walk } from './walk.ts';

const FOLLOW = 1;
const OPEN = { create: 1, directory: 2, exclusive: 4, truncate: 8 } as const;

type Fd = number;
type Pointer = number;

function isDirectory(node: FsNode | undefined): node is DirectoryNode {
  return node?.type === FILE_TYPE.directory;
}

/** Whether `node` is `above` or below it. */
function isWithin(node: DirectoryNode, above: FsNode): boolean {
  for (let at: DirectoryNode | undefined = node; at !== undefined; at = at.parent)
    if (at === above) return true;
  return false;
}

export const PATH_CALLS = {
  path_create_directory(process: WasiProcess, fd: Fd, path: Pointer, length: number): void {
    const { node: base } = process.descriptors.directory(fd, RIGHT.pathCreateDirectory);
    const { directory, name, node } = walk(base, process.memory.text(path, length), false);
    if (node !== undefined) fail('exist');
    process.fs.put(directory, name, process.fs.createDirectory(directory));
  },
  path_filestat_get(
    process: WasiProcess,
    fd: Fd,
    flags: number,
    path: Pointer,
    length: number,
    result: Pointer,
  ): void {
    const { node: base } = process.descriptors.directory(fd, RIGHT.pathFilestatGet);
    const node = lookUp(base, process.memory.text(path, length), (flags & FOLLOW) !== 0);
    writeFilestat(process, result, node.type, node);
  },
  path_filestat_set_times(
    process: WasiProcess,
    fd: Fd,
    flags: number,
    path: Pointer,
    length: number,
    access: bigint,
    modify: bigint,
    which: number,
  ): void {
    const { node: base } = process.descriptors.directory(fd, RIGHT.pathFilestatSetTimes);
    setTimes(lookUp(base, process.memory.text(path, length), (flags & FOLLOW) !== 0), access, modify, which);
  },
  path_link(
    process: WasiProcess,
    oldFd: Fd,
    flags: number,
    oldPath: Pointer,
    oldLength: number,
    newFd: Fd,
    newPath: Pointer,
    newLength: number,
  ): void {
    const { memory, descriptors, fs } = process;
    const from = descriptors.directory(oldFd, RIGHT.pathLinkSource).node;
    const to = descriptors.directory(newFd, RIGHT.pathLinkTarget).node;
    if ((flags & FOLLOW) !== 0) fail('inval');
    const node = lookUp(from, memory.text(oldPath, oldLength), false);
    if (isDirectory(node)) fail('perm');
    const target = walk(to, memory.text(newPath, newLength), false);
    if (target.slash) fail('noent');
    if (target.node !== undefined) fail('exist');
    node.links += 1;
    fs.put(target.directory, target.name, node);
  },
  path_open(
    process: WasiProcess,
    fd: Fd,
    lookup: number,
    path: Pointer,
    length: number,
    openFlags: number,
    base: bigint,
    inheriting: bigint,
    flags: number,
    result: Pointer,
  ): void {
    const { memory, descriptors, fs } = process;
    const parent = descriptors.directory(fd, RIGHT.pathOpen);
    const has = (flag: number): boolean => (openFlags & flag) !== 0;
    const text = memory.text(path, length);
    const exclusive = has(OPEN.create) && has(OPEN.exclusive);
    const found = walk(parent.node, text, (lookup & FOLLOW) !== 0 && !exclusive);
    const { node } = found;
    if (node?.type === FILE_TYPE.symbolicLink) {
      if (exclusive) fail('exist');
      fail(found.slash || has(OPEN.directory) ? 'notdir' : 'loop');
    }
    if (node === undefined) {
      if (!has(OPEN.create)) fail('noent');
      if (has(OPEN.directory)) fail('inval');
      if (found.slash) fail('isdir');
      if ((parent.rights & RIGHT.pathCreateFile) === 0) fail('notcapable');
    } else if (exclusive) fail('exist');
    const wanted = toRights(base);
    // Whatever can be refused is, before a file is made or emptied.
    memory.bytes(result, 4);
    if (isDirectory(node)) {
      if (has(OPEN.create) && !has(OPEN.directory)) fail('isdir');
      if (has(OPEN.truncate) || (wanted & RIGHT.fdWrite) !== 0) fail('isdir');
      const rights = wanted & DIRECTORY_RIGHTS & parent.inheriting;
      const passed = toRights(inheriting) & parent.inheriting;
      memory.setU32(
        result,
        descriptors.add({ kind: 'directory', node, preopen: undefined, flags, rights, inheriting: passed }),
      );
      return;
    }
    if (node !== undefined && (has(OPEN.directory) || found.slash)) fail('notdir');
    if (has(OPEN.truncate) && (parent.rights & RIGHT.pathFilestatSetSize) === 0) fail('notcapable');
    if ((flags & (FD_FLAG.dsync | FD_FLAG.sync | FD_FLAG.rsync)) !== 0) fail('notsup');
    descriptors.requireRoom();
    const file = node ?? fs.createFile(undefined);
    if (node === undefined) fs.put(found.directory, found.name, file);
    else if (has(OPEN.truncate)) fs.resize(file, 0);
    const rights = wanted & FILE_RIGHTS & parent.inheriting;
    memory.setU32(
      result,
      descriptors.add({ kind: 'file', node: file, offset: 0, flags, rights, inheriting: 0 }),
    );
  },
  path_readlink(
    process: WasiProcess,
    fd: Fd,
    path: Pointer,
    length: number,
    buffer: Pointer,
    room: number,
    result: Pointer,
  ): void {
    const { node: base } = process.descriptors.directory(fd, RIGHT.pathReadlink);
    const node = lookUp(base, process.memory.text(path, length), false);
    if (node.type !== FILE_TYPE.symbolicLink) fail('inval');
    const target = runtime.encodeUtf8(node.target).subarray(0, room >>> 0);
    process.memory.bytes(buffer, target.length).set(target);
    process.memory.setU32(result, target.length);
  },
  path_remove_directory(process: WasiProcess, fd: Fd, path: Pointer, length: number): void {
    const { node: base } = process.descriptors.directory(fd, RIGHT.pathRemoveDirectory);
    const { directory, name, node } = walk(base, process.memory.text(path, length), false);
    if (node === undefined) fail('noent');
    if (!isDirectory(node)) fail('notdir');
    if (name === '.') fail('inval');
    if (node.entries.size > 0) fail('notempty');
    process.fs.take(directory, name);
  },
  path_rename(
    process: WasiProcess,
    oldFd: Fd,
    oldPath: Pointer,
    oldLength: number,
    newFd: Fd,
    newPath: Pointer,
    newLength: number,
  ): void {
    const { memory, descriptors, fs } = process;
    const from = walk(
      descriptors.directory(oldFd, RIGHT.pathRenameSource).node,
      memory.text(oldPath, oldLength),
      false,
    );
    const to = walk(
      descriptors.directory(newFd, RIGHT.pathRenameTarget).node,
      memory.text(newPath, newLength),
      false,
    );
    const { node } = from;
    if (node === undefined) fail('noent');
    if (from.name === '.' || to.name === '.') fail('busy');
    if (!isDirectory(node)) {
      if (from.slash || to.slash) fail('notdir');
      if (isDirectory(to.node)) fail('isdir');
    } else {
      if (to.node !== undefined && !isDirectory(to.node)) fail('notdir');
      if (isDirectory(to.node) && to.node !== node && to.node.entries.size > 0) fail('notempty');
      if (isWithin(to.directory, node)) fail('inval');
    }
    if (to.node === node) return;
    if (to.node !== undefined) fs.take(to.directory, to.name);
    from.directory.entries.delete(from.name);
    fs.touch(from.directory);
    if (isDirectory(node)) node.parent = to.directory;
    fs.put(to.directory, to.name, node);
  },
  path_symlink(
    process: WasiProcess,
    target: Pointer,
    targetLength: number,
    fd: Fd,
    path: Pointer,
    length: number,
  ): void {
    const { memory, fs } = process;
    const { node: base } = process.descriptors.directory(fd, RIGHT.pathSymlink);
    const to = memory.text(target, targetLength);
    const found = walk(base, memory.text(path, length), false);
    if (found.node !== undefined) fail(found.slash && !isDirectory(found.node) ? 'notdir' : 'exist');
    if (to === '' || found.slash) fail('noent');
    if (to.startsWith('/')) fail('perm');
    fs.put(found.directory, found.name, fs.createLink(to));
  },
  path_unlink_file(process: WasiProcess, fd: Fd, path: Pointer, length: number): void {
    const { node: base } = process.descriptors.directory(fd, RIGHT.pathUnlinkFile);
    const { directory, name, node, slash } = walk(base, process.memory.text(path, length), false);
    if (node === undefined) fail('noent');
    if (isDirectory(node)) fail('isdir');
    if (slash) fail('notdir');
    process.fs.take(directory, name);
  },
};
