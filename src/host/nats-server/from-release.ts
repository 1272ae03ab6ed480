import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { HairspringError, systemClock } from '../../core/index.ts';
import { fetchByProxy } from './environment.ts';
import { extractFile } from './tar.ts';
import type { FetchContext, NatsRelease } from './types.ts';

/** What is fetched where nothing else is there; raise version and checksums together. */
export const PINNED_RELEASE: NatsRelease = {
  version: '2.14.5',
  baseUrl: 'https://github.com/nats-io/nats-server/releases/download/v2.14.5',
  sha256: {
    'linux-amd64': '5e3b603d47c447bda1f77f9ac16dbf91c90aac4ff3681f8fbbc7201e4ed99355',
    'linux-arm64': '673a98d3faa79dde3f9ebf16d6dfac36a5f694e7ad2015e4954dd7939c85cd4c',
  },
};

const ANSWER_TIMEOUT_MS = 5_000;
const STALL_TIMEOUT_MS = 20_000;
const MAX_ARCHIVE_BYTES = 64 * 1024 ** 2;
const MAX_UNPACKED_BYTES = 256 * 1024 ** 2;

/** `<os>-<arch>` as Go and the release files name this machine. */
function goPlatform(): string {
  return `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
}

/** The address of the release's archive for this machine. */
export function releaseUrl(release: NatsRelease): string {
  return `${release.baseUrl}/nats-server-v${release.version}-${goPlatform()}.tar.gz`;
}

/**
 * Downloads the official release, checks its checksum, and only then unpacks it.
 * @returns path of the binary in `context.workDir`
 * @throws HS_NATS_SERVER_MISSING with the reason
 */
export async function fetchRelease(context: FetchContext, release: NatsRelease): Promise<string> {
  const expected = release.sha256[goPlatform()];
  if (expected === undefined) throw failed(`no checksum is pinned for ${goPlatform()}`);
  const url = releaseUrl(release);
  context.report({ type: 'started', origin: 'release', detail: url });
  const archive = await download(url, (receivedBytes, totalBytes) =>
    context.report({ type: 'downloaded', origin: 'release', receivedBytes, totalBytes }),
  );
  const actual = createHash('sha256').update(archive).digest('hex');
  if (actual !== expected) {
    throw failed(`"${url}" has the SHA-256 ${actual}, which is not the pinned ${expected}`);
  }
  const unpacked = await promisify(gunzip)(archive, { maxOutputLength: MAX_UNPACKED_BYTES });
  const binary = extractFile(unpacked, 'nats-server');
  if (binary === undefined) throw failed(`"${url}" holds no file nats-server`);
  const path = join(context.workDir, 'nats-server');
  await writeFile(path, binary, { mode: 0o755 });
  return path;
}

async function download(
  url: string,
  onProgress: (receivedBytes: number, totalBytes: number | undefined) => void,
): Promise<Uint8Array> {
  const abort = new AbortController();
  let disarm = (): void => undefined;
  const allow = (limitMs: number): void => {
    disarm();
    disarm = systemClock.after(limitMs, () =>
      abort.abort(failed(`"${url}" sends nothing for ${limitMs / 1000} s`)),
    );
  };
  try {
    using _proxy = fetchByProxy();
    allow(ANSWER_TIMEOUT_MS);
    const response = await fetch(url, { signal: abort.signal });
    if (!response.ok || response.body === null) throw failed(`"${url}" answers ${response.status}`);
    const totalBytes = Number(response.headers.get('content-length')) || undefined;
    const chunks: Uint8Array[] = [];
    let receivedBytes = 0;
    allow(STALL_TIMEOUT_MS);
    for await (const chunk of response.body) {
      allow(STALL_TIMEOUT_MS);
      receivedBytes += chunk.byteLength;
      if (receivedBytes > MAX_ARCHIVE_BYTES)
        throw failed(`"${url}" is larger than ${MAX_ARCHIVE_BYTES} bytes`);
      chunks.push(chunk);
      onProgress(receivedBytes, totalBytes);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    throw HairspringError.is(error) ? error : failed(`"${url}" cannot be fetched: ${rootCause(error)}`);
  } finally {
    disarm();
    abort.abort();
  }
}

/** `fetch failed` says nothing; what it stems from does. */
function rootCause(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause !== undefined) deepest = deepest.cause;
  if (!(deepest instanceof Error)) return String(deepest);
  return deepest.message || ('code' in deepest ? String(deepest.code) : deepest.name);
}

function failed(reason: string): HairspringError {
  return new HairspringError('HS_NATS_SERVER_MISSING', reason);
}
