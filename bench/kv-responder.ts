/** The floor of a KV get per invocation: a bare nats.js responder that reads the same key of the same bucket. */

import { type KvEntry, Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { childOptions, serveParent } from '../src/measure/index.ts';

export interface KvGetOptions {
  readonly url: string;
  readonly subject: string;
  readonly bucket: string;
  readonly key: string;
}

const { url, subject, bucket, key } = childOptions<KvGetOptions>();
const nc = await connect({ servers: url });
const kv = await new Kvm(nc).open(bucket, { allow_direct: true });
nc.subscribe(subject, {
  queue: 'bench',
  callback: (error, message) => {
    if (error !== null) return;
    kv.get(key).then(
      (entry: KvEntry | null) => message.respond(entry?.value ?? ''),
      () => message.respond('the get failed'),
    );
  },
});
await nc.flush();
serveParent({}, () => nc.close());
