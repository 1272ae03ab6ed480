import { runTool } from './tool.ts';

/** The oldest nats-server that Hairspring works with. */
export const MINIMUM_NATS_VERSION = '2.10.0';

/** The first `major.minor.patch` in `text`, without the `v`; what follows (`-RC.1`) is left out. */
export function parseNatsVersion(text: string): string | undefined {
  return /\bv?(\d+\.\d+\.\d+)/.exec(text)?.[1];
}

/** Negative when `a` is older than `b`, zero when they are the same. Both are `major.minor.patch`. */
export function compareVersions(a: string, b: string): number {
  const right = b.split('.').map(Number);
  for (const [index, part] of a.split('.').map(Number).entries()) {
    const difference = part - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function isSupportedVersion(version: string): boolean {
  return compareVersions(version, MINIMUM_NATS_VERSION) >= 0;
}

export type BinaryCheck =
  | { readonly ok: true; readonly version: string }
  | { readonly ok: false; readonly reason: string; readonly tooOld: boolean };

/** Runs `path -v` and judges the version that it prints. */
export async function checkBinary(path: string): Promise<BinaryCheck> {
  const result = await runTool(path, ['-v'], { timeoutMs: 10_000 });
  if (!result.ok) return { ok: false, reason: `"${path} -v" fails: ${result.problem}`, tooOld: false };
  const version = parseNatsVersion(result.stdout);
  if (version === undefined || !/nats-server/i.test(result.stdout)) {
    return { ok: false, reason: `"${path} -v" does not print the version of a nats-server`, tooOld: false };
  }
  if (!isSupportedVersion(version)) {
    const reason = `"${path}" is nats-server ${version}, older than ${MINIMUM_NATS_VERSION}`;
    return { ok: false, reason, tooOld: true };
  }
  return { ok: true, version };
}
