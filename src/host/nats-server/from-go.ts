import { join } from 'node:path';
import { HairspringError } from '../../core/index.ts';
import { findTools, runTool } from './tool.ts';
import type { FetchContext } from './types.ts';

const BUILD_TIMEOUT_MS = 600_000;

/**
 * Builds nats-server with Go where Go is; Go checks the sources against its checksum database.
 * @returns path of the binary in `context.workDir`
 * @throws HS_NATS_SERVER_MISSING with the reason
 */
export async function buildWithGo(context: FetchContext, version: string): Promise<string> {
  const [go] = await findTools('go', context.pathVariable);
  if (go === undefined) {
    throw new HairspringError('HS_NATS_SERVER_MISSING', 'there is no go on PATH');
  }
  const module = `github.com/nats-io/nats-server/v2@v${version}`;
  context.report({ type: 'started', origin: 'go', detail: `go install ${module}` });
  const result = await runTool(go, ['install', module], {
    cwd: context.workDir,
    variables: { GOBIN: context.workDir, CGO_ENABLED: '0' },
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  if (!result.ok) {
    throw new HairspringError('HS_NATS_SERVER_MISSING', `"go install ${module}" fails: ${result.problem}`);
  }
  return join(context.workDir, 'nats-server');
}
