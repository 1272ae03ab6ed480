import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { nodeHttp, nodeHttps } from '../../core/index.ts';
import { HTTP_LIMITS } from './limits.ts';

/** The connections of one binding; another one may not be allowed to be where these lead. */
export interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

const OPTIONS = {
  keepAlive: true,
  timeout: HTTP_LIMITS.idleConnectionMs,
  maxFreeSockets: HTTP_LIMITS.idleConnectionsPerHost,
  scheduling: 'lifo',
} as const;

export function createAgents(): Agents {
  const http = nodeHttp();
  const https = nodeHttps();
  return { http: new http.Agent(OPTIONS), https: new https.Agent({ ...OPTIONS, rejectUnauthorized: true }) };
}
