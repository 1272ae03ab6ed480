import { NATS_SERVER_VERSIONS, natsServerHas, parseNatsVersion } from '../../core/index.ts';
import { runTool } from './tool.ts';

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
  const { minimum } = NATS_SERVER_VERSIONS;
  if (!natsServerHas(version, minimum)) {
    const reason = `"${path}" is nats-server ${version}, older than ${minimum}`;
    return { ok: false, reason, tooOld: true };
  }
  return { ok: true, version };
}
