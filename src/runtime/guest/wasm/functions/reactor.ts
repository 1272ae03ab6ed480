/** A module with our reactor ABI as a handler; docs/wasm.md describes the imports. */
import { concatBytes } from '../../web/shared/idl.ts';
import type { ProcessOptions } from '../wasi/index.ts';
import { ExitCode, sleep, type Wasi } from './command.ts';
import { Memories } from './memories.ts';
import type { GuestContext, GuestMessage, MessageHandler, ModuleSpec } from './types.ts';

/** Name of the import module: the version is part of it. */
const ABI = 'hairspring_v1';
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const ABSENT = -1;
/** Bytes of one reply. */
const MAX_REPLY_BYTES = 16 * 1024 ** 2;
const MAX_REPLY_HEADERS = 64;

interface CallResult {
  readonly value: string;
  readonly data: Uint8Array | undefined;
}

/** What an instance works on. */
interface Turn {
  readonly message: GuestMessage;
  readonly context: GuestContext;
  body: Uint8Array[];
  bodyBytes: number;
  headers: Record<string, string>;
  headerCount: number;
  result: CallResult | undefined;
}

interface ReactorInstance {
  readonly memory: WebAssemblyMemory;
  handle: () => unknown;
  turn: Turn | undefined;
}

interface ReactorOptions {
  readonly module: WebAssemblyModule;
  readonly spec: ModuleSpec;
  readonly wasi: Wasi;
  /** Whether the module imports anything of WASI. */
  readonly usesWasi: boolean;
}

export function createReactor({ module, spec, wasi, usesWasi }: ReactorOptions): MessageHandler {
  const { wasm } = runtime;
  const memories = new Memories(spec);
  const idle: ReactorInstance[] = [];
  const env = Object.entries(spec.environment).map(([name, value]) => wasi.toCString(`${name}=${value}`));
  const args = [wasi.toCString(spec.name)];

  function create(): ReactorInstance {
    const memory = memories.acquire();
    const instance: ReactorInstance = { memory, handle: () => undefined, turn: undefined };
    const abi = createAbi(instance, spec, memories);
    if (spec.suspends) abi.call = new wasm.Suspending(abi.call as (...args: never[]) => unknown);
    const imports: Record<string, Record<string, unknown>> = { [ABI]: abi, hairspring: { memory } };
    if (usesWasi) imports.wasi_snapshot_preview1 = createWasiImports(memory);
    const { exports } = new wasm.Instance(module, imports);
    instance.handle = spec.suspends
      ? wasm.promising(exports.hairspring_message)
      : (exports.hairspring_message as () => unknown);
    (exports._initialize as (() => void) | undefined)?.();
    return instance;
  }

  function createWasiImports(memory: WebAssemblyMemory): Record<string, unknown> {
    const process = new wasi.WasiProcess(wasiOptions(args, env));
    process.memory.attach(memory);
    const imports: Record<string, unknown> = {
      ...wasi.createImports({ current: () => process, sleep: spec.suspends ? sleep : undefined }),
    };
    if (spec.suspends)
      imports.poll_oneoff = new wasm.Suspending(imports.poll_oneoff as (...args: never[]) => unknown);
    return imports;
  }

  function finish(instance: ReactorInstance, turn: Turn, code: unknown): unknown {
    instance.turn = undefined;
    if (spec.reuse) idle.push(instance);
    else memories.release(instance.memory);
    const body = turn.body.length === 1 ? turn.body[0] : concatBytes(turn.body);
    if (code !== 0) throw new ExitCode(`its handler returned ${String(code)}`);
    return turn.headerCount === 0 ? body : new runtime.Reply(body, { headers: turn.headers });
  }

  return (message, _env, context) => {
    const turn: Turn = {
      message,
      context,
      body: [],
      bodyBytes: 0,
      headers: {},
      headerCount: 0,
      result: undefined,
    };
    const instance = idle.pop() ?? create();
    instance.turn = turn;
    if (spec.suspends) memories.forgetAtEnd(instance.memory, context);
    // What trapped is in no state to go on: it is not put back.
    const drop = (error: unknown): never => {
      memories.release(instance.memory);
      throw error;
    };
    try {
      const result = instance.handle();
      if (!spec.suspends) return finish(instance, turn, result);
      return (result as Promise<unknown>).then((code) => finish(instance, turn, code), drop);
    } catch (error) {
      return drop(error);
    }
  };
}

function wasiOptions(args: readonly Uint8Array[], env: readonly Uint8Array[]): ProcessOptions {
  return {
    args,
    env,
    stdin: new Uint8Array(0),
    maxFsBytes: 0,
    bundle: undefined,
    onErrorLine: (line) => runtime.pushLog('info', line),
  };
}

/** The imports of one instance. A pointer outside its memory ends the invocation as a trap does. */
function createAbi(instance: ReactorInstance, spec: ModuleSpec, memories: Memories): Record<string, unknown> {
  const bytesAt = (pointer: number, length: number): Uint8Array =>
    new Uint8Array(instance.memory.buffer, pointer >>> 0, length >>> 0);
  const textAt = (pointer: number, length: number): string =>
    runtime.decodeUtf8(bytesAt(pointer, length), false);
  const turn = (): Turn => {
    const at = instance.turn;
    if (at === undefined) throw new Error('It called the host while it had no message');
    return at;
  };
  /** Copies as much as fits; the answer says how much there is. */
  const give = (value: string | Uint8Array | null | undefined, pointer: number, room: number): number => {
    if (value === null || value === undefined) return ABSENT;
    const bytes = typeof value === 'string' ? runtime.encodeUtf8(value) : value;
    const part = bytes.subarray(0, room >>> 0);
    bytesAt(pointer, part.length).set(part);
    return bytes.length;
  };
  return {
    subject_read: (pointer: number, room: number) => give(turn().message.subject, pointer, room),
    data_read: (pointer: number, room: number) => give(turn().message.data, pointer, room),
    param_read: (name: number, length: number, pointer: number, room: number) => {
      const { params } = turn().message;
      const wanted = textAt(name, length);
      return give(Object.hasOwn(params, wanted) ? params[wanted] : undefined, pointer, room);
    },
    header_read: (name: number, length: number, pointer: number, room: number) =>
      give(turn().message.headers.get(textAt(name, length)), pointer, room),
    env_read: (name: number, length: number, pointer: number, room: number) => {
      const wanted = textAt(name, length);
      return give(
        Object.hasOwn(spec.environment, wanted) ? spec.environment[wanted] : undefined,
        pointer,
        room,
      );
    },
    deadline_ms: () => BigInt(Math.round(turn().context.deadline)),
    reply_write: (pointer: number, length: number) => {
      const at = turn();
      at.bodyBytes += length >>> 0;
      if (at.bodyBytes > MAX_REPLY_BYTES)
        throw new Error(`Its reply is larger than ${MAX_REPLY_BYTES} bytes`);
      at.body.push(bytesAt(pointer, length).slice());
    },
    reply_header: (name: number, nameLength: number, value: number, valueLength: number) => {
      const at = turn();
      at.headerCount += 1;
      if (at.headerCount > MAX_REPLY_HEADERS)
        throw new Error(`Its reply has more than ${MAX_REPLY_HEADERS} headers`);
      at.headers[textAt(name, nameLength)] = textAt(value, valueLength);
    },
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
      const at = turn();
      const parsed: unknown = JSON.parse(textAt(args, argsLength) || '[]');
      if (!Array.isArray(parsed)) throw new TypeError('The arguments of a host call are a JSON array');
      const body = payloadLength === 0 ? undefined : bytesAt(payload, payloadLength).slice();
      return runtime
        .callHost(textAt(label, labelLength), textAt(op, opLength), parsed, body, (value, answer) => {
          at.result = {
            value: JSON.stringify(value ?? null),
            data: answer.kind === 0 ? undefined : runtime.payloadBytes(answer),
          };
          return 0;
        })
        .catch((error: unknown) => {
          at.result = { value: JSON.stringify(describe(error)), data: undefined };
          return 1;
        })
        .then((status) => {
          memories.check();
          return status;
        });
    },
    result_value: (pointer: number, room: number) => give(turn().result?.value, pointer, room),
    result_data: (pointer: number, room: number) => give(turn().result?.data, pointer, room),
  };
}

/** An error of a host call, as the module reads it. */
function describe(error: unknown): { code: string; message: string; retryable: boolean } {
  if (!(error instanceof runtime.HostError))
    return { code: 'HS_HOST_CALL_INVALID', message: String(error), retryable: false };
  const { code, message, retryable } = error as Error & { code: string; retryable: boolean };
  return { code, message, retryable };
}
