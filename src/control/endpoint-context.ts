import type { Clock, Logger } from '../core/index.ts';
import type { EventPublisher } from './node-events.ts';
import type { NodeBackend } from './types.ts';

/** What every group of endpoints works with. */
export interface EndpointContext {
  readonly backend: NodeBackend;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventPublisher;
}

/** The one `register_type` that this node runs. */
export const AGENT_TYPE = 'javascript';
/** Name of the one agent, by which `AGENTID` finds it. */
export const AGENT_NAME = 'hairspring-javascript';
export const SUPPORTED_LIFECYCLES: readonly string[] = ['function'];
