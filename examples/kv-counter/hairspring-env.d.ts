// Made from the Nexfile by `hairspring types`. Change the Nexfile, and run it again.
import type { KvBucket } from 'hairspring/guest';

/** What the handler finds in `env`. */
export interface Env {
  /** kv counters, read-write, keys pages.* */
  readonly COUNTERS: KvBucket;
}
