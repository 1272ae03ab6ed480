import type { NatsConnection } from '@nats-io/nats-core';
import { feedSubjects } from '../core/index.ts';

/** Publishes Nex's node and workload events; a closed connection loses them without an error. */
export interface EventPublisher {
  /** `from` is a namespace or a node id. */
  publish(from: string, event: string, body: Readonly<Record<string, unknown>>): void;
}

export function createEventPublisher(nc: NatsConnection): EventPublisher {
  return {
    publish(from, event, body) {
      if (nc.isClosed() || nc.isDraining()) return;
      nc.publish(feedSubjects.events(from, event), JSON.stringify(body));
    },
  };
}
