import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HairspringError } from '../../core/index.ts';
import { type DebianArchive, INDEX_TARGET_FORMAT, readDebianArchives, renderSources } from './apt-sources.ts';
import { findTools, runTool, type ToolResult } from './tool.ts';
import type { FetchContext } from './types.ts';
import { checkBinary } from './version.ts';

const NETWORK_TIMEOUT_MS = 180_000;
const LOCAL_TIMEOUT_MS = 30_000;

/**
 * Takes Debian's package from the archive that the machine's own apt names: unstable's, else that of the
 * machine's suites. Everything of apt's lies in `context.workDir`, so neither root nor the system's apt state
 * is touched; apt checks the signatures and hashes as always.
 * @returns path of a supported binary in `context.workDir`
 * @throws HS_NATS_SERVER_MISSING with the reason
 */
export async function fetchDebianPackage(context: FetchContext): Promise<string> {
  const [aptGet] = await findTools('apt-get', context.pathVariable);
  const [dpkgDeb] = await findTools('dpkg-deb', context.pathVariable);
  if (aptGet === undefined || dpkgDeb === undefined) throw failed('there is no apt-get and dpkg-deb on PATH');
  const targets = await runTool(
    aptGet,
    ['indextargets', '--no-release-info', '--format', INDEX_TARGET_FORMAT],
    { timeoutMs: LOCAL_TIMEOUT_MS },
  );
  if (!targets.ok) throw failed(`"apt-get indextargets" fails: ${targets.problem}`);
  const archives = await readDebianArchives(targets.stdout);
  if (archives.length === 0) throw failed('apt is configured with no Debian archive');

  const reasons: string[] = [];
  for (const archive of archives) {
    for (const suites of [['sid'], archive.suites]) {
      const label = `${archive.uri} ${suites.join(' ')}`;
      context.report({ type: 'started', origin: 'debian', detail: label });
      const result = await fetchFrom({ aptGet, dpkgDeb, workDir: context.workDir, archive, suites });
      if (result.ok) return result.path;
      reasons.push(`${label}: ${result.reason}`);
    }
  }
  throw failed(reasons.join('; '));
}

type PackageResult =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly reason: string };

async function fetchFrom(request: {
  readonly aptGet: string;
  readonly dpkgDeb: string;
  readonly workDir: string;
  readonly archive: DebianArchive;
  readonly suites: readonly string[];
}): Promise<PackageResult> {
  const folder = join(request.workDir, 'apt');
  await rm(folder, { recursive: true, force: true });
  const privateOptions = await preparePrivateApt(folder);
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const sources = renderSources(request.archive, request.suites, architecture);
  await writeFile(join(folder, 'sources', 'debian.sources'), sources);
  const apt = (...args: string[]): Promise<ToolResult> =>
    runTool(request.aptGet, [...privateOptions, ...args], { cwd: folder, timeoutMs: NETWORK_TIMEOUT_MS });

  const update = await apt('update');
  if (!update.ok) return { ok: false, reason: update.problem };
  const download = await apt('download', 'nats-server');
  if (!download.ok) return { ok: false, reason: download.problem };
  const archiveFile = (await readdir(folder)).find((name) => name.endsWith('.deb'));
  if (archiveFile === undefined) return { ok: false, reason: '"apt-get download" left no package' };
  const unpacked = join(folder, 'unpacked');
  const unpack = await runTool(request.dpkgDeb, ['-x', join(folder, archiveFile), unpacked], {
    timeoutMs: LOCAL_TIMEOUT_MS,
  });
  if (!unpack.ok) return { ok: false, reason: unpack.problem };
  const path = join(unpacked, 'usr', 'sbin', 'nats-server');
  const check = await checkBinary(path);
  return check.ok ? { ok: true, path } : { ok: false, reason: check.reason };
}

/** Makes an apt of our own in `folder`: the machine's way to the network and keys, but lists, cache and state in there. */
async function preparePrivateApt(folder: string): Promise<string[]> {
  for (const name of ['lists/partial', 'cache/archives/partial', 'state', 'sources']) {
    await mkdir(join(folder, name), { recursive: true });
  }
  await writeFile(join(folder, 'status'), '');
  // The machine's hooks work on its own apt folders: container images, for one, empty them after an update.
  const hooks = ['Pre-Invoke', 'Post-Invoke', 'Post-Invoke-Success'];
  const config = join(folder, 'apt.conf');
  await writeFile(config, hooks.map((hook) => `#clear APT::Update::${hook};\n`).join(''));
  const settings = [
    `Dir::Etc::sourcelist=/dev/null`,
    `Dir::Etc::sourceparts=${join(folder, 'sources')}`,
    `Dir::State=${join(folder, 'state')}`,
    `Dir::State::lists=${join(folder, 'lists')}`,
    `Dir::State::status=${join(folder, 'status')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    'Dir::Etc::Preferences=/dev/null',
    'Dir::Etc::PreferencesParts=/dev/null',
    'APT::Sandbox::User=',
    'APT::Update::Error-Mode=any',
    'APT::Get::AllowUnauthenticated=false',
    'Acquire::AllowInsecureRepositories=false',
    'Acquire::http::Timeout=20',
    'Acquire::https::Timeout=20',
    'Acquire::Retries=1',
    'Debug::NoLocking=1',
  ];
  return ['-q', '-c', config, ...settings.flatMap((setting) => ['-o', setting])];
}

function failed(reason: string): HairspringError {
  return new HairspringError('HS_NATS_SERVER_MISSING', reason);
}
