/** Sends requests and measures. In a process of its own, so that its work does not stand in the way of what it measures. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import {
  ClosedLoop,
  childOptions,
  connectPlain,
  type LoadPids,
  type LoadWindow,
  measureOpenWindow,
  measureWindow,
  messageSlots,
  type OpenLoadWindow,
  type ReplyCheck,
  serveParent,
} from '../src/measure/index.ts';

export interface LoadParams {
  readonly subject: string;
  /** Of an account each: requests go to them in turns. @default to none but that of clients without credentials */
  readonly creds?: readonly string[];
  readonly inFlight: number;
  readonly payloadBytes: number;
  readonly warmupMs: number;
  readonly windowMs: number;
  readonly pids: LoadPids;
}

export interface OpenLoadParams extends Omit<LoadParams, 'inFlight' | 'creds'> {
  readonly perSecond: number;
  readonly maxOutstanding: number;
}

/** What the bench asks the load generator. */
export type LoadCommands = {
  /** Keeps `inFlight` requests under way for a while. */
  readonly load: { readonly params: LoadParams; readonly result: LoadWindow };
  /** Sends at a fixed rate for a while, whatever becomes of the requests before. */
  readonly openLoad: { readonly params: OpenLoadParams; readonly result: OpenLoadWindow };
  /** Requests one after the other, with a pause before each. @returns the latency of each in milliseconds */
  readonly sequence: {
    readonly params: { readonly subjects: readonly string[]; readonly pauseMs: number };
    readonly result: readonly number[];
  };
  /** Kills a process and asks again and again. @returns milliseconds from the kill to the first good reply */
  readonly recover: {
    readonly params: { readonly pid: number; readonly subject: string };
    readonly result: number;
  };
};

const REQUEST_TIMEOUT_MS = 6_000;
const RECOVER_TIMEOUT_MS = 10_000;
const FILL = 0x78;

const { url, payloadBytes: sequenceBytes } = childOptions<{
  readonly url: string;
  readonly payloadBytes: number;
}>();
const sequencePayload = payloadOf(sequenceBytes);
const isSequenceReply = expecting(sequenceBytes);
const nc = await connect({ servers: url });

function payloadOf(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(FILL);
}

/** Every responder of the bench gives back the payload, or as many bytes of the same; an error does not. */
function expecting(bytes: number): ReplyCheck {
  return ({ data }) => data.length === bytes && data[0] === FILL && data[bytes - 1] === FILL;
}

async function load(params: LoadParams): Promise<LoadWindow> {
  const { subject, creds = [undefined], inFlight, payloadBytes, warmupMs, windowMs, pids } = params;
  const connections = await Promise.all(creds.map((one) => connectPlain([url], one)));
  const loop = new ClosedLoop({
    routes: connections.map((nc) => ({ nc, subject })),
    payload: payloadOf(payloadBytes),
    inFlight,
    isExpected: expecting(payloadBytes),
  });
  const window = await measureWindow(loop, { warmupMs, windowMs, drainMs: REQUEST_TIMEOUT_MS, pids });
  await Promise.all(connections.map((connection) => connection.close()));
  return window;
}

async function openLoad({ pids, payloadBytes, ...params }: OpenLoadParams): Promise<OpenLoadWindow> {
  const connection = await connect({ servers: url });
  const { subject, ...rest } = params;
  const isExpected = expecting(payloadBytes);
  const open = messageSlots({ nc: connection, subject, payload: payloadOf(payloadBytes), isExpected });
  const window = await measureOpenWindow({ ...rest, open, drainMs: REQUEST_TIMEOUT_MS }, pids);
  await connection.close();
  return window;
}

async function timeOne(subject: string): Promise<number> {
  const startedAt = performance.now();
  const reply = await nc.request(subject, sequencePayload, { timeout: REQUEST_TIMEOUT_MS });
  const elapsedMs = performance.now() - startedAt;
  if (!isSequenceReply(reply)) throw new Error(`${subject} replied: ${reply.string().slice(0, 300)}`);
  return elapsedMs;
}

serveParent<LoadCommands>(
  {
    load,
    openLoad,
    async sequence({ subjects, pauseMs }) {
      const latencies: number[] = [];
      for (const subject of subjects) {
        await sleep(pauseMs);
        latencies.push(await timeOne(subject));
      }
      return latencies;
    },
    async recover({ pid, subject }) {
      const startedAt = performance.now();
      process.kill(pid, 'SIGKILL');
      while (performance.now() - startedAt < RECOVER_TIMEOUT_MS) {
        try {
          await timeOne(subject);
          return performance.now() - startedAt;
        } catch {
          await sleep(1);
        }
      }
      throw new Error(`${subject} did not answer within ${RECOVER_TIMEOUT_MS} ms after its cell was killed`);
    },
  },
  () => nc.close(),
);
