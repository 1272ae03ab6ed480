/** Rights of WASI preview 1 as bits of a number. https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#rights */
export const RIGHT = {
  fdDatasync: 1 << 0,
  fdRead: 1 << 1,
  fdSeek: 1 << 2,
  fdFdstatSetFlags: 1 << 3,
  fdSync: 1 << 4,
  fdTell: 1 << 5,
  fdWrite: 1 << 6,
  fdAdvise: 1 << 7,
  fdAllocate: 1 << 8,
  pathCreateDirectory: 1 << 9,
  pathCreateFile: 1 << 10,
  pathLinkSource: 1 << 11,
  pathLinkTarget: 1 << 12,
  pathOpen: 1 << 13,
  fdReaddir: 1 << 14,
  pathReadlink: 1 << 15,
  pathRenameSource: 1 << 16,
  pathRenameTarget: 1 << 17,
  pathFilestatGet: 1 << 18,
  pathFilestatSetSize: 1 << 19,
  pathFilestatSetTimes: 1 << 20,
  fdFilestatGet: 1 << 21,
  fdFilestatSetSize: 1 << 22,
  fdFilestatSetTimes: 1 << 23,
  pathSymlink: 1 << 24,
  pathRemoveDirectory: 1 << 25,
  pathUnlinkFile: 1 << 26,
  pollFdReadwrite: 1 << 27,
} as const;

const ALL = (1 << 28) - 1;

export const FILE_RIGHTS: number =
  RIGHT.fdDatasync |
  RIGHT.fdRead |
  RIGHT.fdSeek |
  RIGHT.fdFdstatSetFlags |
  RIGHT.fdSync |
  RIGHT.fdTell |
  RIGHT.fdWrite |
  RIGHT.fdAdvise |
  RIGHT.fdAllocate |
  RIGHT.fdFilestatGet |
  RIGHT.fdFilestatSetSize |
  RIGHT.fdFilestatSetTimes |
  RIGHT.pollFdReadwrite;

/** All that makes sense for a directory: reading, writing and seeking do not. */
export const DIRECTORY_RIGHTS: number =
  ALL &
  ~(
    RIGHT.fdDatasync |
    RIGHT.fdRead |
    RIGHT.fdSeek |
    RIGHT.fdTell |
    RIGHT.fdWrite |
    RIGHT.fdAdvise |
    RIGHT.fdAllocate |
    RIGHT.fdFilestatSetSize |
    RIGHT.pollFdReadwrite
  );

/** A character stream: what keeps a C library from taking it for a file (it asks for seek and tell). */
export const STREAM_RIGHTS: number = FILE_RIGHTS & ~(RIGHT.fdSeek | RIGHT.fdTell);
