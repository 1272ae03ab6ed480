/** Arguments, environment, clocks, random numbers and the end. */
import { ERRNO, fail } from './errno.ts';
import { realtimeNs, type WasiProcess } from './process.ts';

const CLOCK = { realtime: 0, monotonic: 1, processCpu: 2, threadCpu: 3 } as const;
/** What the host's clock shows in steps of (../../../isolate/door.ts). */
const CLOCK_STEP_NS = 100_000;
/** What the host gives at once. */
const RANDOM_PART_BYTES = 65_536;
const EVENT_BYTES = 32;
const SUBSCRIPTION_BYTES = 48;
const MAX_SUBSCRIPTIONS = 1024;
const SUBSCRIBED = { clock: 0, read: 1, write: 2 } as const;
const ABSOLUTE = 1;

type Pointer = number;

export function monotonicNs(): bigint {
  const now = runtime.door('now');
  return typeof now === 'number' ? BigInt(Math.round(now * 1_000_000)) : fail('io');
}

function requireClock(clock: number): void {
  if (clock >>> 0 > CLOCK.threadCpu) fail('inval');
}

function timeNs(clock: number): bigint {
  switch (clock) {
    case CLOCK.realtime:
      return realtimeNs();
    case CLOCK.monotonic:
    case CLOCK.processCpu:
    case CLOCK.threadCpu:
      return monotonicNs();
    default:
      return fail('inval');
  }
}

function writeStrings(
  { memory }: WasiProcess,
  list: readonly Uint8Array[],
  pointers: Pointer,
  buffer: Pointer,
): void {
  let at = buffer >>> 0;
  for (const [index, bytes] of list.entries()) {
    memory.setU32((pointers >>> 0) + index * 4, at);
    memory.bytes(at, bytes.length).set(bytes);
    at += bytes.length;
  }
}

function writeSizes(
  { memory }: WasiProcess,
  list: readonly Uint8Array[],
  count: Pointer,
  bytes: Pointer,
): void {
  memory.setU32(count, list.length);
  memory.setU32(
    bytes,
    list.reduce((sum, each) => sum + each.length, 0),
  );
}

/** What a subscription to a clock still waits for, in nanoseconds, when the call began at `startedNs`. */
function waitNs(process: WasiProcess, at: Pointer, startedNs: bigint): bigint {
  const { memory } = process;
  const clock = memory.u32(at + 16);
  const timeout = memory.big(at + 24);
  const flags = memory.u32(at + 40) & 0xffff;
  requireClock(clock);
  const left = (flags & ABSOLUTE) === 0 ? timeout - (monotonicNs() - startedNs) : timeout - timeNs(clock);
  return left > 0n ? left : 0n;
}

export const PROCESS_CALLS = {
  args_get(process: WasiProcess, pointers: Pointer, buffer: Pointer): void {
    writeStrings(process, process.args, pointers, buffer);
  },
  args_sizes_get(process: WasiProcess, count: Pointer, bytes: Pointer): void {
    writeSizes(process, process.args, count, bytes);
  },
  environ_get(process: WasiProcess, pointers: Pointer, buffer: Pointer): void {
    writeStrings(process, process.environ, pointers, buffer);
  },
  environ_sizes_get(process: WasiProcess, count: Pointer, bytes: Pointer): void {
    writeSizes(process, process.environ, count, bytes);
  },
  clock_res_get({ memory }: WasiProcess, clock: number, result: Pointer): void {
    requireClock(clock);
    memory.setU64(result, clock === CLOCK.realtime ? 1_000_000 : CLOCK_STEP_NS);
  },
  clock_time_get({ memory }: WasiProcess, clock: number, _precision: bigint, result: Pointer): void {
    memory.setBig(result, timeNs(clock));
  },
  random_get({ memory }: WasiProcess, pointer: Pointer, length: number): void {
    const room = memory.bytes(pointer, length);
    for (let at = 0; at < room.length; at += RANDOM_PART_BYTES) {
      const part = runtime.door('random', Math.min(RANDOM_PART_BYTES, room.length - at));
      if (!(part instanceof ArrayBuffer)) fail('io');
      room.set(new Uint8Array(part), at);
    }
  },
  proc_exit(process: WasiProcess, code: number): void {
    process.exit(code >>> 0);
  },
  proc_raise(): void {
    fail('nosys');
  },
  sched_yield(): void {
    // There is one thread, and nothing to yield to.
  },
  sock_accept(process: WasiProcess, fd: number): void {
    process.descriptors.get(fd);
    fail('notsock');
  },
  sock_recv(process: WasiProcess, fd: number): void {
    process.descriptors.get(fd);
    fail('notsock');
  },
  sock_send(process: WasiProcess, fd: number): void {
    process.descriptors.get(fd);
    fail('notsock');
  },
  sock_shutdown(process: WasiProcess, fd: number): void {
    process.descriptors.get(fd);
    fail('notsock');
  },
};

export interface PollArguments {
  readonly input: Pointer;
  readonly output: Pointer;
  readonly count: number;
  readonly result: Pointer;
  /** When the call began, on the monotonic clock. */
  readonly startedNs: bigint;
}

/**
 * Writes the events that are there now. Descriptors are always ready, since all of them are in memory.
 * @returns how long to wait for the first clock when nothing is there yet, in nanoseconds; 0 when done
 */
export function poll(
  process: WasiProcess,
  { input, output, count, result, startedNs }: PollArguments,
): bigint {
  if (count === 0 || count >>> 0 > MAX_SUBSCRIPTIONS) fail('inval');
  const { memory, descriptors } = process;
  let events = 0;
  let firstNs: bigint | undefined;
  const report = (at: Pointer, type: number, errno: number, bytes: number): void => {
    const to = (output >>> 0) + events * EVENT_BYTES;
    memory.bytes(to, EVENT_BYTES).fill(0);
    memory.setBig(to, memory.big(at));
    memory.setU16(to + 8, errno);
    memory.setU8(to + 10, type);
    memory.setU64(to + 16, bytes);
    events += 1;
  };
  const clocks: { readonly at: Pointer; readonly leftNs: bigint }[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = (input >>> 0) + index * SUBSCRIPTION_BYTES;
    const type = memory.bytes(at + 8, 1)[0];
    if (type === SUBSCRIBED.clock) {
      const leftNs = waitNs(process, at, startedNs);
      clocks.push({ at, leftNs });
      if (firstNs === undefined || leftNs < firstNs) firstNs = leftNs;
    } else if (type === SUBSCRIBED.read || type === SUBSCRIBED.write) {
      try {
        const descriptor = descriptors.get(memory.u32(at + 16));
        const bytes =
          descriptor.kind === 'file' && type === SUBSCRIBED.read
            ? descriptor.node.size - descriptor.offset
            : 0;
        report(at, type, ERRNO.success, Math.max(0, bytes));
      } catch {
        report(at, type, ERRNO.badf, 0);
      }
    } else fail('inval');
  }
  if (events === 0 && firstNs !== undefined && firstNs > 0n) return firstNs;
  for (const { at, leftNs } of clocks) if (leftNs === 0n) report(at, SUBSCRIBED.clock, ERRNO.success, 0);
  memory.setU32(result, events);
  return 0n;
}
