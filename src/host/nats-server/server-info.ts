import { connect } from 'node:net';
import { z } from 'zod';
import { HairspringError } from '../../core/index.ts';

const MAX_INFO_BYTES = 64 * 1024;

export interface ServerInfo {
  readonly version: string;
  readonly jetstream: boolean;
}

const serverInfoSchema = z.object({ version: z.string(), jetstream: z.boolean().default(false) });

/**
 * Connects as a client does and reads the greeting of the server.
 * @throws HS_NATS_UNREACHABLE when nothing like a NATS server answers within `timeoutMs`
 */
export async function readServerInfo(host: string, port: number, timeoutMs: number): Promise<ServerInfo> {
  const socket = connect({ host, port, signal: AbortSignal.timeout(timeoutMs) });
  try {
    let received = '';
    for await (const chunk of socket) {
      received += String(chunk);
      const [line] = received.split('\r\n', 1);
      if (line !== undefined && line !== received) {
        return serverInfoSchema.parse(JSON.parse(line.replace(/^INFO /, '')));
      }
      if (received.length > MAX_INFO_BYTES) break;
    }
  } catch (error) {
    throw unreachableServer(host, port, error);
  } finally {
    socket.destroy();
  }
  throw unreachableServer(host, port, undefined);
}

function unreachableServer(host: string, port: number, cause: unknown): HairspringError {
  return new HairspringError('HS_NATS_UNREACHABLE', `No NATS server greets at ${host}:${port}`, { cause });
}
