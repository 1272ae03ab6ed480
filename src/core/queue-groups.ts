import type { FunctionSpec } from './definition.ts';
import type { SubjectTrigger } from './manifest.ts';

type Named = Pick<FunctionSpec, 'namespace' | 'name'>;

/** The NATS queue groups in which functions listen: of the members of one, one gets each message. */
export const queueGroups = {
  /**
   * For a trigger. With `fanout` each node is a group of its own and not without any: where two connections of the
   * node listen for a moment, as when a cell takes the place of another, one of them gets the message.
   */
  trigger: ({ namespace, name }: Named, { fanout }: SubjectTrigger, nodeId: string): string =>
    fanout ? `${namespace}.${name}.${nodeId}` : `${namespace}.${name}`,
  /** For invocations by name: only cells that have the function are asked, and none once it is unsubscribed. */
  invoke: ({ namespace, name }: Named): string => `${namespace}.${name}.invoke`,
} as const;
