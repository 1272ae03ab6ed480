/** The in-memory file system: files, directories and symbolic links, which live as long as one invocation. */
import { Entries } from './entries.ts';
import { fail } from './errno.ts';

/** https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#filetype */
export const FILE_TYPE = {
  unknown: 0,
  characterDevice: 2,
  directory: 3,
  regularFile: 4,
  symbolicLink: 7,
} as const;

export interface Times {
  accessNs: bigint;
  modifyNs: bigint;
  changeNs: bigint;
}

interface NodeBase extends Times {
  readonly inode: number;
  links: number;
}

export interface FileNode extends NodeBase {
  readonly type: typeof FILE_TYPE.regularFile;
  /** Its room; the first `size` bytes are the content. */
  bytes: Uint8Array;
  size: number;
  /** Whether `bytes` belongs to the read-only bundle and is copied before the first write. */
  shared: boolean;
}

export interface DirectoryNode extends NodeBase {
  readonly type: typeof FILE_TYPE.directory;
  readonly entries: Entries<FsNode>;
  parent: DirectoryNode | undefined;
}

export interface LinkNode extends NodeBase {
  readonly type: typeof FILE_TYPE.symbolicLink;
  readonly target: string;
}

export type FsNode = FileNode | DirectoryNode | LinkNode;

/** A file system with a bound on what is written to it. */
export class MemoryFs {
  readonly root: DirectoryNode;
  readonly #nowNs: () => bigint;
  readonly #maxBytes: number;
  readonly #maxNodes: number;
  #usedBytes = 0;
  #nodes = 0;
  #lastInode = 0;

  constructor(options: {
    readonly nowNs: () => bigint;
    readonly maxBytes: number;
    readonly maxNodes: number;
  }) {
    this.#nowNs = options.nowNs;
    this.#maxBytes = options.maxBytes;
    this.#maxNodes = options.maxNodes;
    this.root = this.createDirectory(undefined);
  }

  #base(): NodeBase {
    if (this.#nodes >= this.#maxNodes) fail('nospc');
    this.#nodes += 1;
    this.#lastInode += 1;
    const now = this.#nowNs();
    return { inode: this.#lastInode, links: 1, accessNs: now, modifyNs: now, changeNs: now };
  }

  createFile(content: Uint8Array | undefined): FileNode {
    return {
      ...this.#base(),
      type: FILE_TYPE.regularFile,
      bytes: content ?? new Uint8Array(0),
      size: content?.length ?? 0,
      shared: content !== undefined,
    };
  }

  createDirectory(parent: DirectoryNode | undefined): DirectoryNode {
    return { ...this.#base(), type: FILE_TYPE.directory, entries: new Entries(), parent };
  }

  createLink(target: string): LinkNode {
    return { ...this.#base(), type: FILE_TYPE.symbolicLink, target };
  }

  put(directory: DirectoryNode, name: string, node: FsNode): void {
    directory.entries.add(name, node);
    this.touch(directory);
  }

  take(directory: DirectoryNode, name: string): void {
    const node = directory.entries.get(name);
    if (node === undefined) return;
    directory.entries.delete(name);
    this.touch(directory);
    node.links -= 1;
    if (node.links > 0) return;
    this.#nodes -= 1;
    // An open descriptor may still read it; its room counts until the invocation ends.
  }

  /** What was changed says so in its times. */
  touch(node: FsNode): void {
    const now = this.#nowNs();
    node.modifyNs = now;
    node.changeNs = now;
  }

  /** Makes `file` `size` bytes long, with zeros where it grows. */
  resize(file: FileNode, size: number): void {
    this.#reserve(file, size);
    if (size < file.size) file.bytes.fill(0, size, file.size);
    file.size = size;
    this.touch(file);
  }

  /** Nothing, written beyond the end, leaves the file as it is. */
  write(file: FileNode, at: number, from: Uint8Array): void {
    if (from.length === 0) return;
    const end = at + from.length;
    if (end > file.size) {
      this.#reserve(file, end);
      file.size = end;
    } else if (file.shared) this.#reserve(file, file.size);
    file.bytes.set(from, at);
    this.touch(file);
  }

  #reserve(file: FileNode, size: number): void {
    if (size <= file.bytes.length && !file.shared) return;
    if (size > this.#maxBytes) fail('fbig');
    // Nothing says that a file of the bundle will grow.
    const wanted = file.shared ? size : Math.max(size, file.bytes.length * 2, 256);
    const room = Math.min(this.#maxBytes, wanted);
    const more = room - (file.shared ? 0 : file.bytes.length);
    if (this.#usedBytes + more > this.#maxBytes) fail('nospc');
    this.#usedBytes += more;
    const bytes = new Uint8Array(room);
    bytes.set(file.bytes.subarray(0, Math.min(file.size, size)));
    file.bytes = bytes;
    file.shared = false;
  }
}

/** Fills `directory` with a bundle: content by path, folders made on the way. */
export function addBundle(
  fs: MemoryFs,
  directory: DirectoryNode,
  bundle: Readonly<Record<string, Uint8Array>>,
): void {
  for (const [path, content] of Object.entries(bundle)) {
    const names = path.split('/').filter((name) => name !== '');
    const last = names.pop();
    if (last === undefined) continue;
    let at = directory;
    for (const name of names) {
      const there = at.entries.get(name);
      const next = there ?? fs.createDirectory(at);
      if (next.type !== FILE_TYPE.directory) break;
      if (there === undefined) at.entries.add(name, next);
      at = next;
    }
    if (at.entries.get(last) === undefined) at.entries.add(last, fs.createFile(content));
  }
}
