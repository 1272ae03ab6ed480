/** Calls on open descriptors. https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md */
import { type Descriptor, FD_FLAG, type FileDescriptor, fileTypeOf } from './descriptors.ts';
import { fail, WasiError } from './errno.ts';
import { type DirectoryNode, FILE_TYPE, type FsNode, type Times } from './nodes.ts';
import { realtimeNs, type WasiProcess } from './process.ts';
import { RIGHT } from './rights.ts';

const WHENCE = { set: 0, current: 1, end: 2 } as const;
const FST = { accessSet: 1, accessNow: 2, modifySet: 4, modifyNow: 8 } as const;
const DIRENT_BYTES = 24;

type Fd = number;
type Pointer = number;

function file(process: WasiProcess, fd: Fd, rights: number): FileDescriptor {
  const descriptor = process.descriptors.having(fd, rights);
  if (descriptor.kind === 'directory') fail('isdir');
  if (descriptor.kind === 'stream') fail('spipe');
  return descriptor;
}

function toOffset(value: bigint): number {
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) fail('inval');
  return Number(value);
}

function readInto(from: FileDescriptor, at: number, parts: readonly Uint8Array[]): number {
  let offset = at;
  for (const part of parts) {
    const piece = from.node.bytes.subarray(offset, Math.min(offset + part.length, from.node.size));
    part.set(piece);
    offset += piece.length;
    if (piece.length < part.length) break;
  }
  from.node.accessNs = realtimeNs();
  return Math.max(0, offset - at);
}

/** @returns the bytes of the parts that `write` took; throws what it does only when there are none */
function writeParts(parts: readonly Uint8Array[], write: (part: Uint8Array, before: number) => void): number {
  let written = 0;
  for (const part of parts) {
    try {
      write(part, written);
    } catch (error) {
      if (written > 0 && error instanceof WasiError) break;
      throw error;
    }
    written += part.length;
  }
  return written;
}

function writeFrom(
  { fs }: WasiProcess,
  { node }: FileDescriptor,
  at: number,
  parts: readonly Uint8Array[],
): number {
  return writeParts(parts, (part, before) => fs.write(node, at + before, part));
}

export function writeFilestat(
  { memory }: WasiProcess,
  pointer: Pointer,
  type: number,
  node: FsNode | undefined,
): void {
  memory.bytes(pointer, 64).fill(0);
  memory.setU8(pointer + 16, type);
  if (node === undefined) return;
  const size =
    node.type === FILE_TYPE.regularFile
      ? node.size
      : node.type === FILE_TYPE.symbolicLink
        ? runtime.encodeUtf8(node.target).length
        : 0;
  memory.setU64(pointer, 1);
  memory.setU64(pointer + 8, node.inode);
  memory.setU64(pointer + 24, node.links);
  memory.setU64(pointer + 32, size);
  memory.setBig(pointer + 40, node.accessNs);
  memory.setBig(pointer + 48, node.modifyNs);
  memory.setBig(pointer + 56, node.changeNs);
}

export function setTimes(node: Times, access: bigint, modify: bigint, flags: number): void {
  const both = (one: number, other: number): boolean => (flags & one) !== 0 && (flags & other) !== 0;
  if (both(FST.accessSet, FST.accessNow) || both(FST.modifySet, FST.modifyNow)) fail('inval');
  const now = realtimeNs();
  if ((flags & FST.accessSet) !== 0) node.accessNs = BigInt.asUintN(64, access);
  if ((flags & FST.accessNow) !== 0) node.accessNs = now;
  if ((flags & FST.modifySet) !== 0) node.modifyNs = BigInt.asUintN(64, modify);
  if ((flags & FST.modifyNow) !== 0) node.modifyNs = now;
  node.changeNs = now;
}

function setRights(descriptor: Descriptor, base: number, inheriting: number): void {
  if ((base & ~descriptor.rights) !== 0 || (inheriting & ~descriptor.inheriting) !== 0) fail('notcapable');
  descriptor.rights = base;
  descriptor.inheriting = inheriting;
}

/** What a directory holds behind `cookie`, each with its own. */
function* listed(
  node: DirectoryNode,
  cookie: number,
): Iterable<readonly [name: string, node: FsNode, cookie: number]> {
  if (cookie < 1) yield ['.', node, 1];
  if (cookie < 2) yield ['..', node.parent ?? node, 2];
  for (const [name, entry, number] of node.entries.after(cookie - 2)) yield [name, entry, number + 2];
}

export const FD_CALLS = {
  fd_advise(process: WasiProcess, fd: Fd, offset: bigint, length: bigint, advice: number): void {
    file(process, fd, RIGHT.fdAdvise);
    if (advice >>> 0 > 5 || length < 0n || offset < 0n) fail('inval');
  },
  fd_allocate(process: WasiProcess, fd: Fd, offset: bigint, length: bigint): void {
    const { node } = file(process, fd, RIGHT.fdAllocate);
    const end = toOffset(offset) + toOffset(length);
    if (end > node.size) process.fs.resize(node, end);
  },
  fd_close(process: WasiProcess, fd: Fd): void {
    process.descriptors.close(fd);
  },
  fd_datasync(process: WasiProcess, fd: Fd): void {
    process.descriptors.having(fd, RIGHT.fdDatasync);
  },
  fd_sync(process: WasiProcess, fd: Fd): void {
    process.descriptors.having(fd, RIGHT.fdSync);
  },
  fd_fdstat_get(process: WasiProcess, fd: Fd, pointer: Pointer): void {
    const descriptor = process.descriptors.get(fd);
    const { memory } = process;
    memory.bytes(pointer, 24).fill(0);
    memory.setU8(pointer, fileTypeOf(descriptor));
    memory.setU16(pointer + 2, descriptor.flags);
    memory.setU64(pointer + 8, descriptor.rights);
    memory.setU64(pointer + 16, descriptor.inheriting);
  },
  fd_fdstat_set_flags(process: WasiProcess, fd: Fd, flags: number): void {
    const descriptor = process.descriptors.having(fd, RIGHT.fdFdstatSetFlags);
    if ((flags & (FD_FLAG.dsync | FD_FLAG.sync | FD_FLAG.rsync)) !== 0) fail('notsup');
    descriptor.flags = flags & 0x1f;
  },
  fd_fdstat_set_rights(process: WasiProcess, fd: Fd, base: bigint, inheriting: bigint): void {
    setRights(process.descriptors.get(fd), toRights(base), toRights(inheriting));
  },
  fd_filestat_get(process: WasiProcess, fd: Fd, pointer: Pointer): void {
    const descriptor = process.descriptors.having(fd, RIGHT.fdFilestatGet);
    writeFilestat(
      process,
      pointer,
      fileTypeOf(descriptor),
      descriptor.kind === 'stream' ? undefined : descriptor.node,
    );
  },
  fd_filestat_set_size(process: WasiProcess, fd: Fd, size: bigint): void {
    const { node } = file(process, fd, RIGHT.fdFilestatSetSize);
    process.fs.resize(node, toOffset(size));
  },
  fd_filestat_set_times(process: WasiProcess, fd: Fd, access: bigint, modify: bigint, flags: number): void {
    const descriptor = process.descriptors.having(fd, RIGHT.fdFilestatSetTimes);
    if (descriptor.kind === 'stream') fail('badf');
    setTimes(descriptor.node, access, modify, flags);
  },
  fd_pread(
    process: WasiProcess,
    fd: Fd,
    vectors: Pointer,
    count: number,
    offset: bigint,
    result: Pointer,
  ): void {
    const from = file(process, fd, RIGHT.fdRead | RIGHT.fdSeek);
    process.memory.setU32(result, readInto(from, toOffset(offset), process.memory.vectors(vectors, count)));
  },
  fd_pwrite(
    process: WasiProcess,
    fd: Fd,
    vectors: Pointer,
    count: number,
    offset: bigint,
    result: Pointer,
  ): void {
    const to = file(process, fd, RIGHT.fdWrite | RIGHT.fdSeek);
    const parts = process.memory.vectors(vectors, count);
    const at = (to.flags & FD_FLAG.append) !== 0 ? to.node.size : toOffset(offset);
    process.memory.setU32(result, writeFrom(process, to, at, parts));
  },
  fd_read(process: WasiProcess, fd: Fd, vectors: Pointer, count: number, result: Pointer): void {
    const from = process.descriptors.having(fd, RIGHT.fdRead);
    const parts = process.memory.vectors(vectors, count);
    let total = 0;
    if (from.kind === 'directory') fail('isdir');
    if (from.kind === 'file') {
      total = readInto(from, from.offset, parts);
      from.offset += total;
    } else {
      for (const part of parts) {
        const length = process.readStdin(part);
        total += length;
        if (length < part.length) break;
      }
    }
    process.memory.setU32(result, total);
  },
  fd_write(process: WasiProcess, fd: Fd, vectors: Pointer, count: number, result: Pointer): void {
    const to = process.descriptors.having(fd, RIGHT.fdWrite);
    const parts = process.memory.vectors(vectors, count);
    let total = 0;
    if (to.kind === 'directory') fail('isdir');
    if (to.kind === 'file') {
      const at = (to.flags & FD_FLAG.append) !== 0 ? to.node.size : to.offset;
      total = writeFrom(process, to, at, parts);
      to.offset = at + total;
    } else {
      total = writeParts(parts, (part) => (to.stream === 1 ? process.print(part) : process.complain(part)));
    }
    process.memory.setU32(result, total);
  },
  fd_readdir(
    process: WasiProcess,
    fd: Fd,
    buffer: Pointer,
    length: number,
    cookie: bigint,
    result: Pointer,
  ): void {
    const { node } = process.descriptors.directory(fd, RIGHT.fdReaddir);
    const room = process.memory.bytes(buffer, length);
    let used = 0;
    for (const [name, entry, next] of listed(node, toOffset(cookie))) {
      if (used >= room.length) break;
      const text = runtime.encodeUtf8(name);
      const record = new Uint8Array(DIRENT_BYTES + text.length);
      const view = new DataView(record.buffer);
      view.setBigUint64(0, BigInt(next), true);
      view.setBigUint64(8, BigInt(entry.inode), true);
      view.setUint32(16, text.length, true);
      view.setUint8(20, entry.type);
      record.set(text, DIRENT_BYTES);
      const part = record.subarray(0, room.length - used);
      room.set(part, used);
      used += part.length;
    }
    process.memory.setU32(result, used);
  },
  fd_renumber(process: WasiProcess, from: Fd, to: Fd): void {
    process.descriptors.renumber(from, to);
  },
  fd_seek(process: WasiProcess, fd: Fd, delta: bigint, whence: number, result: Pointer): void {
    const descriptor = process.descriptors.get(fd);
    if (descriptor.kind === 'stream') fail('spipe');
    const rights = delta === 0n && whence === WHENCE.current ? RIGHT.fdTell : RIGHT.fdSeek;
    const at = file(process, fd, rights);
    const from =
      whence === WHENCE.set
        ? 0
        : whence === WHENCE.current
          ? at.offset
          : whence === WHENCE.end
            ? at.node.size
            : fail('inval');
    at.offset = toOffset(BigInt(from) + BigInt.asIntN(64, delta));
    process.memory.setU64(result, at.offset);
  },
  fd_tell(process: WasiProcess, fd: Fd, result: Pointer): void {
    process.memory.setU64(result, file(process, fd, RIGHT.fdTell).offset);
  },
  fd_prestat_get(process: WasiProcess, fd: Fd, pointer: Pointer): void {
    const descriptor = process.descriptors.get(fd);
    if (descriptor.kind !== 'directory' || descriptor.preopen === undefined) fail('badf');
    process.memory.setU32(pointer, 0);
    process.memory.setU32(pointer + 4, runtime.encodeUtf8(descriptor.preopen).length);
  },
  fd_prestat_dir_name(process: WasiProcess, fd: Fd, pointer: Pointer, length: number): void {
    const descriptor = process.descriptors.get(fd);
    if (descriptor.kind !== 'directory' || descriptor.preopen === undefined) fail('badf');
    const name = runtime.encodeUtf8(descriptor.preopen);
    if (length >>> 0 < name.length) fail('nametoolong');
    process.memory.bytes(pointer, name.length).set(name);
  },
};

/** Rights as the module passes them. */
export function toRights(value: bigint): number {
  return Number(BigInt.asUintN(28, value));
}
