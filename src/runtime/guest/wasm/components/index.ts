/** WebAssembly components as message handlers. */
import type { Common, ComponentSpec, GuestMessage, Memories, MessageHandler } from '../functions/index.ts';
import type { Variant } from './codec.ts';
import { Exit, HostState } from './host/index.ts';
import { ComponentInstance } from './instance.ts';
import { type Prepared, prepare } from './prepare.ts';

type Headers = readonly (readonly [name: string, value: string])[];

function createHandler(
  modules: readonly WebAssemblyModule[],
  spec: ComponentSpec,
  { Memories: MemoryPool, ExitCode }: Common,
): MessageHandler {
  const prepared: Prepared = prepare(spec.plan, spec.suspends);
  const { kind } = prepared.plan.handler;
  const environment = Object.entries(spec.environment);
  const pools = spec.memories.map((memory) =>
    memory === null ? undefined : new MemoryPool({ ...memory, memoryBytes: memory.bytes }),
  );
  const resumed = (): void => {
    for (const pool of pools) pool?.check();
  };

  function finish(state: HostState, error: unknown, result: unknown): unknown {
    const output = state.end();
    if (error instanceof Exit) {
      if (kind === 'run' && error.code === 0) return output;
      throw new ExitCode(kind === 'run' ? error.message : `${error.message} before it had answered`);
    }
    if (error !== undefined) throw error;
    const { tag, value } = result as Variant;
    if (kind === 'run') {
      if (tag !== 0) throw new ExitCode('its run failed');
      return output;
    }
    if (tag !== 0) throw new Error(value as string);
    const [data, headers] = value as [Uint8Array, Headers];
    return headers.length === 0 ? data : new runtime.Reply(data, { headers: toRecord(headers) });
  }

  return (message, _env, context) => {
    const state = new HostState({
      args: [spec.name, message.subject],
      environment,
      bindings: spec.bindings,
      stdin: kind === 'run' ? message.data : new Uint8Array(0),
      isCommand: kind === 'run',
      resumed,
    });
    const memories = acquireAll(pools);
    if (spec.suspends)
      for (const [index, pool] of pools.entries())
        pool?.forgetAtEnd(memories[index] as WebAssemblyMemory, context);
    const release = (): void => {
      for (const [index, pool] of pools.entries()) pool?.release(memories[index] as WebAssemblyMemory);
    };
    let result: unknown;
    try {
      const instance = new ComponentInstance(prepared, modules, memories, state);
      result = instance.lifted(prepared.handler, spec.suspends)(kind === 'run' ? [] : [toRecordOf(message)]);
    } catch (error) {
      release();
      return finish(state, error, undefined);
    }
    if (!spec.suspends) {
      release();
      return finish(state, undefined, result);
    }
    return (result as Promise<unknown>).then(
      (value) => {
        release();
        return finish(state, undefined, value);
      },
      (error: unknown) => {
        release();
        return finish(state, error, undefined);
      },
    );
  };
}

/** All or none. */
function acquireAll(pools: readonly (Memories | undefined)[]): (WebAssemblyMemory | undefined)[] {
  const memories: (WebAssemblyMemory | undefined)[] = [];
  try {
    for (const pool of pools) memories.push(pool?.acquire());
    return memories;
  } catch (error) {
    for (const [index, memory] of memories.entries()) if (memory !== undefined) pools[index]?.release(memory);
    throw error;
  }
}

/** The record `message` of wit/function.wit. */
function toRecordOf({ subject, headers, data, params }: GuestMessage): unknown[] {
  return [subject, [...headers.entries()], data, Object.entries(params)];
}

function toRecord(headers: Headers): Record<string, string[]> {
  const record: Record<string, string[]> = Object.create(null);
  for (const [name, value] of headers) {
    record[name] ??= [];
    record[name].push(value);
  }
  return record;
}

export const internals: { readonly createHandler: typeof createHandler } = { createHandler };
