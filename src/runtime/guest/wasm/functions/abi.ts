/** The imports of our reactor ABI; docs/wasm.md describes them. */
import type { Wait } from './instances.ts';
import type { LinearMemory } from './linear-memory.ts';
import type { Turn } from './turn.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const ABSENT = -1;

export interface AbiOptions {
  readonly memory: LinearMemory;
  readonly turn: Turn;
  readonly environment: Readonly<Record<string, string>>;
  readonly wait: Wait;
}

/** The imports of one slot. A pointer outside its memory ends the invocation as a trap does. */
export function createAbi({ memory, turn, environment, wait }: AbiOptions): Record<string, unknown> {
  const textAt = (pointer: number, length: number): string =>
    runtime.decodeUtf8(memory.part(pointer, length), false);
  /** Copies as much as fits; the answer says how much there is. */
  const give = (value: string | Uint8Array | null | undefined, pointer: number, room: number): number => {
    if (value === null || value === undefined) return ABSENT;
    const bytes = typeof value === 'string' ? runtime.encodeUtf8(value) : value;
    const part = bytes.subarray(0, room >>> 0);
    memory.part(pointer, part.length).set(part);
    return bytes.length;
  };
  const own = (values: Readonly<Record<string, string>>, name: string): string | undefined =>
    Object.hasOwn(values, name) ? values[name] : undefined;
  return {
    subject_read: (pointer: number, room: number) => give(turn.message.subject, pointer, room),
    data_read: (pointer: number, room: number) => {
      const { message } = turn;
      const { bytes } = memory;
      const at = pointer >>> 0;
      const wanted = room >>> 0;
      const there = Math.max(0, Math.min(wanted, bytes.length - at));
      const length = runtime.readPayload(message, 0, bytes, at, there);
      if (at > bytes.length || Math.min(length, wanted) > there) memory.part(at, wanted);
      return length;
    },
    param_read: (name: number, length: number, pointer: number, room: number) =>
      give(own(turn.message.params, textAt(name, length)), pointer, room),
    header_read: (name: number, length: number, pointer: number, room: number) =>
      give(turn.message.headers.get(textAt(name, length)), pointer, room),
    env_read: (name: number, length: number, pointer: number, room: number) =>
      give(own(environment, textAt(name, length)), pointer, room),
    deadline_ms: () => BigInt(Math.round(turn.deadline)),
    reply_write: (pointer: number, length: number) => turn.write(memory.part(pointer, length)),
    reply_header: (name: number, nameLength: number, value: number, valueLength: number) =>
      turn.setHeader(textAt(name, nameLength), textAt(value, valueLength)),
    log: (level: number, pointer: number, length: number) =>
      runtime.pushLog(LEVELS[level >>> 0] ?? 'info', textAt(pointer, length)),
    call: (
      label: number,
      labelLength: number,
      op: number,
      opLength: number,
      args: number,
      argsLength: number,
      payload: number,
      payloadLength: number,
    ) => {
      turn.mustHaveMessage();
      const parsed: unknown = JSON.parse(textAt(args, argsLength) || '[]');
      if (!Array.isArray(parsed)) throw new TypeError('The arguments of a host call are a JSON array');
      const body = payloadLength === 0 ? undefined : memory.part(payload, payloadLength).slice();
      return wait(() => callAs(turn, textAt(label, labelLength), textAt(op, opLength), parsed, body));
    },
    result_value: (pointer: number, room: number) => give(turn.result?.value, pointer, room),
    result_data: (pointer: number, room: number) => give(turn.result?.data, pointer, room),
  };
}

/** Leaves what comes of a host call with the turn. @returns 0 when it succeeded, 1 when it failed */
async function callAs(
  turn: Turn,
  label: string,
  op: string,
  args: unknown[],
  body: Uint8Array | undefined,
): Promise<number> {
  try {
    turn.result = await runtime.callHost(label, op, args as string[], body, (value, answer) => ({
      value: JSON.stringify(value ?? null),
      data: answer.kind === 0 ? undefined : runtime.payloadBytes(answer),
    }));
    return 0;
  } catch (error) {
    turn.result = { value: JSON.stringify(describe(error)), data: undefined };
    return 1;
  }
}

/** An error of a host call, as the module reads it. */
function describe(error: unknown): { code: string; message: string; retryable: boolean } {
  if (!(error instanceof runtime.HostError))
    return { code: 'HS_HOST_CALL_INVALID', message: String(error), retryable: false };
  const { code, message, retryable } = error as Error & { code: string; retryable: boolean };
  return { code, message, retryable };
}
