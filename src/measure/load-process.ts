/** Sends requests and measures. Started by `startLoadProcess`. */
import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { ClosedLoop } from './closed-loop.ts';
import { connectPlain } from './connect-plain.ts';
import type { LoadOptions, LoadProcessCommands, Target, TimedRequest, WrongReply } from './load-commands.ts';
import { measureWindow } from './load-window.ts';
import { childOptions, serveParent } from './serve-parent.ts';
import { sleep } from './sleep.ts';

const RECOVER_TIMEOUT_MS = 10_000;
const RETRY_MS = 1;
const WRONG_CHARS = 300;

const { servers, creds, payloadBase64, errorHeaders, timeoutMs } = childOptions<LoadOptions>();
const payload = Buffer.from(payloadBase64, 'base64');
const nc = await connectPlain(servers, creds);

function headersOf({ headers: pairs }: Target): MsgHdrs | undefined {
  if (pairs.length === 0) return undefined;
  const made = headers();
  for (const [name, value] of pairs) made.append(name, value);
  return made;
}

/** The code of an error reply, the status of NATS for one that the server sent; undefined for a good reply. */
function errorCodeOf(reply: Msg): string | undefined {
  const replied = reply.headers;
  if (replied === undefined) return undefined;
  if (replied.hasError) return String(replied.code);
  const name = errorHeaders.find((each) => replied.has(each));
  return name === undefined ? undefined : replied.get(name);
}

async function timeOne(target: Target): Promise<TimedRequest> {
  const asked = headersOf(target);
  const startedMs = performance.now();
  try {
    const reply = await nc.request(target.subject, payload, {
      timeout: timeoutMs,
      ...(asked === undefined ? {} : { headers: asked }),
    });
    const ms = performance.now() - startedMs;
    const code = errorCodeOf(reply);
    return {
      ms,
      wrong: code === undefined ? null : { code, text: reply.string().slice(0, WRONG_CHARS) },
    };
  } catch (error) {
    const wrong: WrongReply = {
      code: undefined,
      text: error instanceof Error ? error.message : String(error),
    };
    return { ms: performance.now() - startedMs, wrong };
  }
}

serveParent<LoadProcessCommands>(
  {
    async load({ target, inFlight, warmupMs, windowMs, pids }) {
      const connection = await connectPlain(servers, creds);
      let wrongCode: string | null = null;
      const isExpected = (reply: Msg): boolean => {
        const code = errorCodeOf(reply);
        if (code !== undefined) wrongCode ??= code;
        return code === undefined;
      };
      const asked = headersOf(target);
      const { subject } = target;
      const loop = new ClosedLoop({ nc: connection, subject, payload, headers: asked, inFlight, isExpected });
      const window = await measureWindow(loop, { warmupMs, windowMs, drainMs: timeoutMs, pids });
      await connection.close();
      return { ...window, wrongCode };
    },
    async sequence({ targets, pauseMs }) {
      const requests: TimedRequest[] = [];
      for (const target of targets) {
        await sleep(pauseMs);
        const request = await timeOne(target);
        requests.push(request);
        if (request.wrong !== null) break;
      }
      return requests;
    },
    async recover({ pid, target }) {
      const startedMs = performance.now();
      process.kill(pid, 'SIGKILL');
      while (performance.now() - startedMs < RECOVER_TIMEOUT_MS) {
        const { wrong } = await timeOne(target);
        if (wrong === null) return performance.now() - startedMs;
        await sleep(RETRY_MS);
      }
      return null;
    },
  },
  () => nc.close(),
);
