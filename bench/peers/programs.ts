/** The programs of bench/peers: installed on first use, and left out with a reason where that cannot be done. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import packageJson from './package.json' with { type: 'json' };

export interface PeerProgram {
  readonly path: string;
  readonly version: string;
}

export interface Programs {
  readonly workerd: PeerProgram | undefined;
  readonly deno: PeerProgram | undefined;
}

export interface FoundPrograms {
  readonly programs: Programs;
  /** Why each missing one is missing. */
  readonly notes: readonly string[];
}

export const NO_PROGRAMS: Programs = { workerd: undefined, deno: undefined };

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const INSTALL_TIMEOUT_MS = 300_000;
const VERSION_TIMEOUT_MS = 20_000;
const REASON_CHARS = 200;
const CPUS: Readonly<Record<string, string>> = { x64: '64', arm64: 'arm64' };

const run = promisify(execFile);

/** Where the package of this platform has its binary. */
const BINARIES: Readonly<Record<keyof Programs, string>> = {
  workerd: `@cloudflare/workerd-${process.platform}-${CPUS[process.arch] ?? process.arch}/bin/workerd`,
  deno: `@deno/${process.platform}-${process.arch}${process.platform === 'linux' ? '-glibc' : ''}/deno`,
};

/** Installs bench/peers unless it is there, with npm and no install scripts, and tries what was installed. */
export async function findPrograms(progress: (text: string) => void): Promise<FoundPrograms> {
  const notes: string[] = [];
  const names = Object.keys(packageJson.dependencies) as (keyof Programs)[];
  if (!names.every((name) => installedVersion(name) === packageJson.dependencies[name])) {
    progress('installing workerd and Deno into bench/peers (250 MB on disk, once)');
    const reason = await install();
    if (reason !== undefined) {
      const note = `workerd and Deno are left out: they could not be installed into bench/peers: ${reason}`;
      return { programs: NO_PROGRAMS, notes: [note] };
    }
  }
  const tryProgram = async (name: keyof Programs): Promise<PeerProgram | undefined> => {
    const reason = await tryOut(name);
    if (reason === undefined) return { path: binaryOf(name), version: packageJson.dependencies[name] };
    notes.push(`${name} is left out: ${reason}`);
    return undefined;
  };
  return { programs: { workerd: await tryProgram('workerd'), deno: await tryProgram('deno') }, notes };
}

const binaryOf = (name: keyof Programs): string => `${FOLDER}node_modules/${BINARIES[name]}`;

function installedVersion(name: keyof Programs): string | undefined {
  try {
    const text = readFileSync(`${FOLDER}node_modules/${name}/package.json`, 'utf8');
    return (JSON.parse(text) as { readonly version: string }).version;
  } catch {
    return undefined;
  }
}

/** @returns why it could not be done */
async function install(): Promise<string | undefined> {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=1', '--loglevel=error'];
  try {
    await run('npm', args, { cwd: FOLDER, timeout: INSTALL_TIMEOUT_MS });
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** @returns why it cannot run here */
async function tryOut(name: keyof Programs): Promise<string | undefined> {
  if (!existsSync(binaryOf(name))) return `bench/peers has no ${BINARIES[name]}`;
  try {
    await run(binaryOf(name), ['--version'], { timeout: VERSION_TIMEOUT_MS });
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  const { stderr, message, code } = error as Error & { readonly stderr?: string; readonly code?: string };
  if (code === 'ENOENT') return `${message}: there is no such program`;
  return (stderr?.trim() || message)
    .replaceAll(/npm (?:error|ERR!) /g, '')
    .replaceAll(/\s+/g, ' ')
    .slice(0, REASON_CHARS);
}
