/**
 * Adds to package-lock.json the optional platform packages that the registry in use does not carry, and takes
 * out which Node each package wants.
 *
 * npm leaves an optional dependency out of the lockfile when it cannot be fetched, and then refuses
 * `npm ci` because the lockfile is out of step. An entry that names version, os and cpu is all that
 * `npm ci` needs to skip a foreign platform. The packages run in the Node that comes with them, and npm would
 * compare their wishes with the one that runs npm, and warn of each. Run the script after `npm install`, in the
 * folder of the lockfile: `node scripts/complete-lockfile.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface LockEntry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  engines?: unknown;
  os?: string[];
  cpu?: string[];
  optionalDependencies?: Record<string, string>;
}

const OS_NAMES = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const CPU_NAMES = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'wasm32'];
/** What some packages call what npm calls otherwise. */
const OTHER_WORDS: Readonly<Record<string, string>> = { windows: 'win32', '64': 'x64' };

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, LockEntry> };
let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === '') continue;
  if (path.startsWith('node_modules/')) delete entry.engines;
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] !== undefined || !/^\d/.test(range)) continue;
    const words = name.split(/[-/]/).map((word) => OTHER_WORDS[word] ?? word);
    const os = OS_NAMES.filter((candidate) => words.includes(candidate));
    const cpu = CPU_NAMES.filter((candidate) => words.includes(candidate)).slice(0, 1);
    lock.packages[key] = { version: range, ...(entry.dev ? { dev: true } : {}), optional: true, os, cpu };
    added += 1;
  }
}
const ordered = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify({ ...lock, packages: ordered }, null, 2)}\n`);
console.log(`package-lock.json: ${added} platform packages added`);
