import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { ClosedLoop } from './closed-loop.ts';
import { connectPlain } from './connect-plain.ts';
import type { LoadOptions, MessageTarget } from './load-commands.ts';
import { messageSlots } from './message-slots.ts';
import { type Requests, timed, WRONG_CHARS } from './requests.ts';

/** Requests over NATS. Each loop has a connection of its own. */
export async function openMessageRequests({
  servers,
  creds,
  errorHeaders,
  timeoutMs,
  payloadBase64,
}: LoadOptions): Promise<Requests<MessageTarget>> {
  const payload = Buffer.from(payloadBase64, 'base64');
  const nc = await connectPlain(servers, creds);

  /** The code of an error reply, the status of NATS for one that the server sent; undefined for a good reply. */
  const errorCodeOf = ({ headers: replied }: Msg): string | undefined => {
    if (replied === undefined) return undefined;
    if (replied.hasError) return String(replied.code);
    const name = errorHeaders.find((each) => replied.has(each));
    return name === undefined ? undefined : replied.get(name);
  };

  const checking =
    (onWrong: (code: string) => void) =>
    (reply: Msg): boolean => {
      const code = errorCodeOf(reply);
      if (code !== undefined) onWrong(code);
      return code === undefined;
    };

  return {
    async startLoop(target, inFlight, onWrong) {
      const connection = await connectPlain(servers, creds);
      const { subject } = target;
      const loop = new ClosedLoop({
        routes: [{ nc: connection, subject }],
        payload,
        headers: headersOf(target),
        inFlight,
        isExpected: checking(onWrong),
      });
      return {
        tally: loop.tally,
        async stop(drainMs) {
          await loop.stop(drainMs);
          await connection.close();
        },
      };
    },
    slots(target, onWrong) {
      return async (count, onReply) => {
        const connection = await connectPlain(servers, creds);
        const open = messageSlots({
          nc: connection,
          subject: target.subject,
          payload,
          headers: headersOf(target),
          isExpected: checking(onWrong),
        });
        const { send } = await open(count, onReply);
        return { send, [Symbol.asyncDispose]: () => connection.close() };
      };
    },
    timeOne(target) {
      const asked = headersOf(target);
      const options = { timeout: timeoutMs, ...(asked === undefined ? {} : { headers: asked }) };
      return timed(async () => {
        const reply = await nc.request(target.subject, payload, options);
        const code = errorCodeOf(reply);
        return code === undefined ? null : { code, text: reply.string().slice(0, WRONG_CHARS) };
      });
    },
    [Symbol.asyncDispose]: () => nc.close(),
  };
}

function headersOf({ headers: pairs }: MessageTarget): MsgHdrs | undefined {
  if (pairs.length === 0) return undefined;
  const made = headers();
  for (const [name, value] of pairs) made.append(name, value);
  return made;
}
