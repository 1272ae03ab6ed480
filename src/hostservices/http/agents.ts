import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
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
  return { http: new HttpAgent(OPTIONS), https: new HttpsAgent({ ...OPTIONS, rejectUnauthorized: true }) };
}
