import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The cell's entry point, as source or as published. */
export function cellEntry(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`../../cell/main.${extension}`, import.meta.url));
}

/**
 * What the young generation of the cell's own heap may grow to, in MiB, three times over. V8's 32 let a busy
 * cell grow by 60 MB in the course of its first few hundred thousand messages and never give them back;
 * at 4 the messages that wait for the host are moved to the old generation, which costs a KV get a tenth.
 */
const YOUNG_MIB = 8;

/** The `node_modules` folder in which a dependency is, links resolved. */
function modulesFolder(specifier: string): string {
  const path = fileURLToPath(import.meta.resolve(specifier));
  const marker = `${sep}node_modules${sep}`;
  return path.slice(0, path.lastIndexOf(marker) + marker.length);
}

/** Every `node_modules` folder in which Node looks for the dependencies of a file in `folder`. */
function lookedThrough(folder: string): string[] {
  const parent = dirname(folder);
  const own = `${join(folder, 'node_modules')}${sep}`;
  return parent === folder ? [own] : [own, ...lookedThrough(parent)];
}

/**
 * Node's flags for a cell: the permission model with no file but its own code and the artifacts, no
 * child processes and no SQLite, which opens files that the permission model knows nothing of; a bound for the young generation; and, as isolated-vm asks for, no start-up snapshot of Node's own.
 */
export function cellFlags(artifactDir: string): string[] {
  const sources = join(dirname(cellEntry()), '..');
  const readable = [
    `${sources}${sep}`,
    join(sources, '..', 'package.json'),
    ...lookedThrough(dirname(sources)),
    modulesFolder('isolated-vm'),
    modulesFolder('@nats-io/transport-node'),
    `${artifactDir}${sep}`,
    // What the watchdog thread reads. The links below /proc/self lead to every file, so the cell drops this again.
    ...['statm', 'schedstat', `task${sep}`].map((name) => join(sep, 'proc', 'self', name)),
    // node-gyp-build looks here to tell musl from glibc.
    `${sep}etc${sep}alpine-release`,
  ];
  return [
    `--max-semi-space-size=${YOUNG_MIB}`,
    '--no-node-snapshot',
    // What an isolate held goes back to the system with it, and not to a pool that nothing empties.
    '--no-memory-pool-share-memory-on-teardown',
    '--permission',
    '--allow-addons',
    '--allow-worker',
    '--allow-net',
    // To map its journal; the cell drops it before it does anything else.
    '--allow-ffi',
    '--no-experimental-sqlite',
    ...[...new Set(readable)].map((path) => `--allow-fs-read=${path}`),
    '--disable-warning=SecurityWarning',
    '--disable-warning=ExperimentalWarning',
    // The material of a key that its guest may not export is the guest's all the same (hostservices/crypto).
    '--disable-warning=DEP0204',
  ];
}
