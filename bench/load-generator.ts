/** Sends requests and measures. In a process of its own, so that its work does not stand in the way of what it measures. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Msg } from '@nats-io/transport-node';
import { ClosedLoop, Histogram } from '../src/measure/index.ts';
import { cpuBetween, type LoadCpu, type LoadPids, sampleCpu } from './process/cpu-window.ts';
import { childOptions, serveParent } from './process/serve-parent.ts';

export interface LoadParams {
  readonly subject: string;
  readonly inFlight: number;
  readonly warmupMs: number;
  readonly windowMs: number;
  readonly pids: LoadPids;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p95Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  /** Replies that were not the expected ones. */
  readonly wrong: number;
  /** The beginning of the first of them. */
  readonly firstWrong: string | null;
  /** Requests without a reply when all was over. */
  readonly lost: number;
  readonly cpu: LoadCpu | null;
}

/** What the bench asks the load generator. */
export type LoadCommands = {
  /** Keeps `inFlight` requests under way for a while. */
  readonly load: { readonly params: LoadParams; readonly result: LoadResult };
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

const { url, payloadBytes } = childOptions<{ readonly url: string; readonly payloadBytes: number }>();
const payload = new Uint8Array(payloadBytes).fill(0x78);
const nc = await connect({ servers: url });

/** Every responder of the bench gives back the payload, or as many bytes of the same; an error does not. */
function isExpected({ data }: Msg): boolean {
  return data.length === payloadBytes && data[0] === 0x78 && data[payloadBytes - 1] === 0x78;
}

async function load({ subject, inFlight, warmupMs, windowMs, pids }: LoadParams): Promise<LoadResult> {
  const connection = await connect({ servers: url });
  const loop = new ClosedLoop({ nc: connection, subject, payload, inFlight, isExpected });
  const histogram = new Histogram();
  await sleep(warmupMs);
  const cpuBefore = sampleCpu(pids);
  const startedAt = performance.now();
  loop.recordInto(histogram);
  await sleep(windowMs);
  const seconds = (performance.now() - startedAt) / 1_000;
  loop.recordInto(undefined);
  const cpu = cpuBetween(cpuBefore, sampleCpu(pids), seconds);
  await loop.stop(REQUEST_TIMEOUT_MS);
  await connection.close();
  return {
    requests: histogram.count,
    seconds,
    perSecond: histogram.count / seconds,
    p50Us: histogram.percentile(0.5),
    p95Us: histogram.percentile(0.95),
    p99Us: histogram.percentile(0.99),
    maxUs: histogram.max,
    wrong: loop.wrong,
    firstWrong: loop.firstWrong ?? null,
    lost: loop.outstanding,
    cpu,
  };
}

async function timeOne(subject: string): Promise<number> {
  const startedAt = performance.now();
  const reply = await nc.request(subject, payload, { timeout: REQUEST_TIMEOUT_MS });
  const elapsedMs = performance.now() - startedAt;
  if (!isExpected(reply)) throw new Error(`${subject} replied: ${reply.string().slice(0, 300)}`);
  return elapsedMs;
}

serveParent<LoadCommands>(
  {
    load,
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
