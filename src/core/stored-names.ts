/** The buckets of the nodes. No function may have a bucket whose name begins with `hairspring`. */
export const NODE_BUCKETS = {
  /** An object store: the code of functions, by its digest. */
  artifacts: 'hairspring-artifacts',
  /** KV: the definitions of functions, by namespace and name. */
  definitions: 'hairspring-functions',
  /** KV: sealed secrets, by namespace, name and node. */
  secrets: 'hairspring-secrets',
} as const;

/** What a function is called that nodes do not serve as others. */
export const UNUSUAL_STATES = ['suspended', 'quarantined', 'waiting'] as const;
export type UnusualState = (typeof UNUSUAL_STATES)[number];

/** Keys of what a node tells in `metadata` of a listed function, where Nex has no field for it. */
export const WORKLOAD_METADATA = {
  version: 'hairspring_version',
  /** The patterns, with a comma between them. */
  triggers: 'hairspring_triggers',
  invocations: 'hairspring_invocations',
  errors: 'hairspring_errors',
  /** Each with the reason, and missing where it does not apply. */
  suspended: 'hairspring_suspended',
  quarantined: 'hairspring_quarantined',
  waiting: 'hairspring_waiting',
  /** The error for which it waits, and what helps. */
  waitingCode: 'hairspring_waiting_code',
  waitingRemedy: 'hairspring_waiting_remedy',
} as const;
