// The imports of Hairspring's reactor ABI, version 1, for AssemblyScript. docs/wasm.md describes them.

@external('hairspring_v1', 'subject_read')
declare function subject_read(buffer: usize, room: u32): i32;
@external('hairspring_v1', 'data_read')
declare function data_read(buffer: usize, room: u32): i32;
@external('hairspring_v1', 'param_read')
declare function param_read(name: usize, length: u32, buffer: usize, room: u32): i32;
@external('hairspring_v1', 'header_read')
declare function header_read(name: usize, length: u32, buffer: usize, room: u32): i32;
@external('hairspring_v1', 'env_read')
declare function env_read(name: usize, length: u32, buffer: usize, room: u32): i32;
@external('hairspring_v1', 'deadline_ms')
declare function deadline_ms(): i64;
@external('hairspring_v1', 'reply_write')
declare function reply_write(text: usize, length: u32): void;
@external('hairspring_v1', 'reply_header')
declare function reply_header(name: usize, nameLength: u32, value: usize, valueLength: u32): void;
@external('hairspring_v1', 'log')
declare function log_write(level: u32, text: usize, length: u32): void;
@external('hairspring_v1', 'call')
declare function host_call(
  binding: usize, bindingLength: u32, op: usize, opLength: u32,
  args: usize, argsLength: u32, payload: usize, payloadLength: u32,
): i32;
@external('hairspring_v1', 'result_value')
declare function result_value(buffer: usize, room: u32): i32;
@external('hairspring_v1', 'result_data')
declare function result_data(buffer: usize, room: u32): i32;

/** The message that is being served. */
export namespace message {
  export function subject(): string {
    const length = subject_read(0, 0);
    const buffer = new ArrayBuffer(length);
    subject_read(changetype<usize>(buffer), length);
    return String.UTF8.decode(buffer);
  }

  export function data(): ArrayBuffer {
    const length = data_read(0, 0);
    const buffer = new ArrayBuffer(length);
    data_read(changetype<usize>(buffer), length);
    return buffer;
  }

  export function text(): string {
    return String.UTF8.decode(data());
  }

  /** A capture of the subject; null when the trigger has none of that name. */
  export function param(name: string): string | null {
    const key = String.UTF8.encode(name);
    const length = param_read(changetype<usize>(key), key.byteLength, 0, 0);
    if (length < 0) return null;
    const buffer = new ArrayBuffer(length);
    param_read(changetype<usize>(key), key.byteLength, changetype<usize>(buffer), length);
    return String.UTF8.decode(buffer);
  }

  /** The first value of a header; null when there is none. */
  export function header(name: string): string | null {
    const key = String.UTF8.encode(name);
    const length = header_read(changetype<usize>(key), key.byteLength, 0, 0);
    if (length < 0) return null;
    const buffer = new ArrayBuffer(length);
    header_read(changetype<usize>(key), key.byteLength, changetype<usize>(buffer), length);
    return String.UTF8.decode(buffer);
  }

  /** When the caller gives up, in milliseconds since the epoch. */
  export function deadlineMs(): i64 {
    return deadline_ms();
  }
}

/** A value of the Nexfile's environment; null when there is none of that name. */
export function environment(name: string): string | null {
  const key = String.UTF8.encode(name);
  const length = env_read(changetype<usize>(key), key.byteLength, 0, 0);
  if (length < 0) return null;
  const buffer = new ArrayBuffer(length);
  env_read(changetype<usize>(key), key.byteLength, changetype<usize>(buffer), length);
  return String.UTF8.decode(buffer);
}

/** What the caller hears. */
export namespace reply {
  export function write(text: string): void {
    const bytes = String.UTF8.encode(text);
    reply_write(changetype<usize>(bytes), bytes.byteLength);
  }

  export function header(name: string, value: string): void {
    const key = String.UTF8.encode(name);
    const text = String.UTF8.encode(value);
    reply_header(changetype<usize>(key), key.byteLength, changetype<usize>(text), text.byteLength);
  }
}

/** @param level 0 debug, 1 info, 2 warn, 3 error */
export function log(level: u32, text: string): void {
  const bytes = String.UTF8.encode(text);
  log_write(level, changetype<usize>(bytes), bytes.byteLength);
}

/** The answer of a host service. */
export class Result {
  constructor(
    public failed: bool,
    /** JSON; after a failure `{"code", "message", "retryable"}`. */
    public value: string,
    public data: ArrayBuffer | null,
  ) {}
}

/** Calls a host service and waits. @param args a JSON array */
export function call(binding: string, op: string, args: string, payload: ArrayBuffer): Result {
  const label = String.UTF8.encode(binding);
  const name = String.UTF8.encode(op);
  const json = String.UTF8.encode(args);
  const failed =
    host_call(
      changetype<usize>(label), label.byteLength, changetype<usize>(name), name.byteLength,
      changetype<usize>(json), json.byteLength, changetype<usize>(payload), payload.byteLength,
    ) != 0;
  const value = new ArrayBuffer(result_value(0, 0));
  result_value(changetype<usize>(value), value.byteLength);
  const length = result_data(0, 0);
  if (length < 0) return new Result(failed, String.UTF8.decode(value), null);
  const data = new ArrayBuffer(length);
  result_data(changetype<usize>(data), length);
  return new Result(failed, String.UTF8.decode(value), data);
}
