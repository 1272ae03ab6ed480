import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { formatBytes, HairspringError } from '../../core/index.ts';
import { findNatsServer } from '../../host/index.ts';
import { PACKAGE_ROOT, readVersions } from '../shell/version.ts';
import { type CheckContext, type Finding, fail, pass, warn } from './check.ts';

const run = promisify(execFile);

/** What isolated-vm is built for. */
const NODE_MODULES_VERSION = '147';
/** A host with one cell and a few warm functions. */
const LOW_MEMORY_BYTES = 256 * 1024 ** 2;
const ISOLATE_SCRIPT =
  "const { default: ivm } = await import('isolated-vm'); const isolate = new ivm.Isolate({ memoryLimit: 8 }); isolate.dispose();";

export async function checkNode(): Promise<Finding> {
  const { node, v8 } = readVersions();
  const detail = `Node ${node}, V8 ${v8}`;
  if (process.versions.modules === NODE_MODULES_VERSION) return pass(detail);
  return fail(`${detail} is not the Node 26 that functions need`, 'Run `npm ci --include=optional`');
}

/** In a process of its own: what is broken in it must not end this one. */
export async function checkIsolates(): Promise<Finding> {
  const args = ['--no-node-snapshot', '--input-type=module', '-e', ISOLATE_SCRIPT];
  try {
    await run(process.execPath, args, {
      cwd: fileURLToPath(PACKAGE_ROOT),
      timeout: 20_000,
      // Nothing of the environment's, as in a cell: Node's compile cache makes isolated-vm abort at the end.
      env: {},
    });
    return pass('isolated-vm loads and makes an isolate');
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    const line = said.split('\n').find((each) => /error/i.test(each)) ?? String(error).split('\n')[0];
    return fail(
      `isolated-vm does not work: ${line}`,
      'Remove node_modules and run `npm ci` on a supported platform',
    );
  }
}

/** Looks without fetching. */
export async function checkNatsServer({ env }: CheckContext): Promise<Finding> {
  try {
    const found = await findNatsServer({
      cacheDir: env.cacheDir,
      pathVariable: env.pathVariable,
      report: () => undefined,
      offline: true,
    });
    return pass(`nats-server ${found.version} from ${found.origin}: ${found.path}`);
  } catch (error) {
    const { message } = HairspringError.from(error);
    return warn(
      `none on this machine (${message.split('\n', 1)[0]})`,
      '`hairspring up` fetches one when it needs it; or install nats-server, or join a NATS with --server',
    );
  }
}

export function checkDataDir({ env }: CheckContext): Promise<Finding> {
  return checkFolder(env.dataDir, 'Choose another with --data or HAIRSPRING_DATA, or mend its permissions');
}

export function checkCacheDir({ env }: CheckContext): Promise<Finding> {
  const remedy = 'Choose another with HAIRSPRING_CACHE, or mend its permissions';
  return checkFolder(env.cacheDir, remedy);
}

/** Whether the folder can be written, or made where it is missing; makes nothing. */
async function checkFolder(folder: string, remedy: string): Promise<Finding> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const found = await stat(at).catch((error: NodeJS.ErrnoException) => error.code ?? 'unknown');
    if (found === 'ENOENT' && at !== dirname(at)) continue;
    if (typeof found === 'string') return fail(`${folder} cannot be used: ${at}: ${found}`, remedy);
    if (!found.isDirectory()) return fail(`${folder} cannot be used: ${at} is not a folder`, remedy);
    const writable = await access(at, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!writable) return fail(`${folder} cannot be written: no permission in ${at}`, remedy);
    return pass(at === resolve(folder) ? folder : `${folder} (not there yet; can be made)`);
  }
}

export async function checkMemory(): Promise<Finding> {
  const available = process.availableMemory();
  const detail = `${formatBytes(available)} available`;
  if (available >= LOW_MEMORY_BYTES) return pass(detail);
  return warn(
    detail,
    `A node is at ease with ${formatBytes(LOW_MEMORY_BYTES)} and more; raise the limit or stop something`,
  );
}
