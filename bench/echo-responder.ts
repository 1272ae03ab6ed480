/** The floor: what a bare nats.js responder does without any function host. */
import { connect } from '@nats-io/transport-node';
import { childOptions, serveParent } from './process/serve-parent.ts';

export interface EchoOptions {
  readonly url: string;
  readonly subject: string;
}

const { url, subject } = childOptions<EchoOptions>();
const nc = await connect({ servers: url });
nc.subscribe(subject, {
  queue: 'bench',
  callback: (error, message) => {
    if (error === null) message.respond(message.data);
  },
});
await nc.flush();
serveParent({}, () => nc.close());
