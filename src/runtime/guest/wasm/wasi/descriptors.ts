/** Open descriptors: standard streams, files and directories. */
import { fail } from './errno.ts';
import { type DirectoryNode, FILE_TYPE, type FileNode } from './nodes.ts';

/** Descriptors that one invocation may have open. */
const MAX_OPEN = 1024;

/** https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fdflags */
export const FD_FLAG = { append: 1, dsync: 2, nonblock: 4, rsync: 8, sync: 16 } as const;

interface DescriptorBase {
  flags: number;
  rights: number;
  inheriting: number;
}

/** One of the standard streams, by its number. */
export interface StreamDescriptor extends DescriptorBase {
  readonly kind: 'stream';
  readonly stream: 0 | 1 | 2;
}

export interface FileDescriptor extends DescriptorBase {
  readonly kind: 'file';
  readonly node: FileNode;
  offset: number;
}

export interface DirectoryDescriptor extends DescriptorBase {
  readonly kind: 'directory';
  readonly node: DirectoryNode;
  /** The name under which it was given; undefined for one that the module opened. */
  readonly preopen: string | undefined;
}

export type Descriptor = StreamDescriptor | FileDescriptor | DirectoryDescriptor;

export class DescriptorTable {
  readonly #open: (Descriptor | undefined)[] = [];
  #count = 0;

  get(fd: number): Descriptor {
    return this.#open[fd] ?? fail('badf');
  }

  /** The descriptor, when it has all of `rights`. */
  having(fd: number, rights: number): Descriptor {
    const descriptor = this.get(fd);
    if ((descriptor.rights & rights) !== rights) fail('notcapable');
    return descriptor;
  }

  directory(fd: number, rights: number): DirectoryDescriptor {
    const descriptor = this.get(fd);
    if (descriptor.kind !== 'directory') fail('notdir');
    if ((descriptor.rights & rights) !== rights) fail('notcapable');
    return descriptor;
  }

  /** Fails where there is no room for one more. */
  requireRoom(): void {
    if (this.#count >= MAX_OPEN) fail('mfile');
  }

  add(descriptor: Descriptor): number {
    this.requireRoom();
    let fd = 0;
    while (this.#open[fd] !== undefined) fd += 1;
    this.#open[fd] = descriptor;
    this.#count += 1;
    return fd;
  }

  close(fd: number): void {
    this.get(fd);
    this.#open[fd] = undefined;
    this.#count -= 1;
  }

  /** `to` becomes what `from` was; both must be open. */
  renumber(from: number, to: number): void {
    const descriptor = this.get(from);
    this.get(to);
    if (from === to) return;
    this.#open[to] = descriptor;
    this.#open[from] = undefined;
    this.#count -= 1;
  }
}

export function fileTypeOf(descriptor: Descriptor): number {
  if (descriptor.kind === 'stream') return FILE_TYPE.characterDevice;
  return descriptor.node.type;
}
