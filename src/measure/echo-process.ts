/** The floor: what a bare nats.js responder does without any function host. Started by `startEchoProcess`. */
import { connectPlain } from './connect-plain.ts';
import type { EchoOptions } from './load-commands.ts';
import { childOptions, serveParent } from './serve-parent.ts';

const { servers, creds, subject } = childOptions<EchoOptions>();
const nc = await connectPlain(servers, creds);
nc.subscribe(subject, {
  queue: 'bench',
  callback: (error, message) => {
    if (error === null) message.respond(message.data);
  },
});
await nc.flush();
serveParent({}, () => nc.close());
