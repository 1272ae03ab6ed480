/** What is asked of nats-server, by its version: an old server mostly takes what it does not know, and says nothing. */

export const NATS_SERVER_VERSIONS = {
  /** The oldest that Hairspring works with. Older ones leave CVE-2025-30215 open, and may lose or hold back what is stored. */
  minimum: '2.10.27',
  /** Single values of a bucket end by themselves, and those who watch it hear of that. */
  keyTtl: '2.11.4',
  /** With an operator, it can let clients in that have no credentials. */
  anonymous: '2.11.4',
} as const;

/** The first `major.minor.patch` in `text`, without the `v`; what follows (`-RC.1`) is left out. */
export function parseNatsVersion(text: string): string | undefined {
  return /\bv?(\d+\.\d+\.\d+)/.exec(text)?.[1];
}

/** Negative when `a` is older than `b`, zero when they are the same. Both are `major.minor.patch`. */
export function compareNatsVersions(a: string, b: string): number {
  const right = b.split('.').map(Number);
  for (const [index, part] of a.split('.').map(Number).entries()) {
    const difference = part - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether a server that says of itself that it is of `version` has what came with `since`. */
export function natsServerHas(version: string, since: string): boolean {
  const parsed = parseNatsVersion(version);
  return parsed !== undefined && compareNatsVersions(parsed, since) >= 0;
}
