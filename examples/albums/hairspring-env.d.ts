// Made from the Nexfile by `hairspring types`. Change the Nexfile, and run it again.
import type { KvBucket } from 'hairspring/guest';

/** What the handler finds in `env`. */
export interface Env {
  /** kv albums, read-write */
  readonly ALBUMS: KvBucket;
}
