/** WebAssembly components as message handlers. */
import type {
  Common,
  ComponentSpec,
  GlobalValue,
  GuestMessage,
  MessageHandler,
  Slot,
} from '../functions/index.ts';
import type { Variant } from './codec.ts';
import { Exit, HostState } from './host/index.ts';
import { ComponentHost, ComponentInstance } from './instance.ts';
import { type Prepared, prepare } from './prepare.ts';

type Headers = readonly (readonly [name: string, value: string])[];
type Handle = (args: unknown[]) => unknown;

function createHandler(
  modules: readonly WebAssemblyModule[],
  spec: ComponentSpec,
  { Instances, readGlobals, ExitCode }: Common,
): MessageHandler {
  const { suspends, states } = spec;
  const prepared: Prepared = prepare(spec.plan, suspends);
  const { kind } = prepared.plan.handler;
  const isCommand = kind === 'run';
  const steps = spec.memories.flatMap((memory, step) => (memory === null ? [] : [{ memory, step }]));
  const options = {
    name: spec.name,
    environment: Object.entries(spec.environment),
    bindings: spec.bindings,
    isCommand,
    resumed: () => instances.check(),
  };

  const instances = new Instances<ComponentHost, Handle>({
    memories: steps.map(({ memory }) => memory),
    memoryBytes: spec.memoryBytes,
    suspends,
    data: steps.map(({ step }) => states?.[step]?.data),
    createHost: () => new ComponentHost(new HostState(options), spec.plan.tables),
    instantiate: ({ memories, host }) => {
      const byStep = spec.memories.map((_, step) => memories[steps.findIndex((own) => own.step === step)]);
      const instance = new ComponentInstance(prepared, modules, byStep, host);
      const globals: readonly GlobalValue[] | undefined =
        states === undefined ? undefined : instance.readGlobals(states, readGlobals);
      return { live: instance.lifted(prepared.handler, suspends), globals };
    },
    clearHost: (host) => host.clear(),
  });

  function finish(slot: Slot<ComponentHost, Handle>, result: unknown): unknown {
    const output = slot.host.state.end();
    instances.release(slot);
    const { tag, value } = result as Variant;
    if (isCommand) {
      if (tag !== 0) throw new ExitCode('its run failed');
      return output;
    }
    if (tag !== 0) throw new Error(value as string);
    const [data, headers] = value as [Uint8Array, Headers];
    return headers.length === 0 ? data : new runtime.Reply(data, { headers: toRecord(headers) });
  }

  /** What trapped or exited is in no state to go on. */
  function drop(slot: Slot<ComponentHost, Handle>, error: unknown): unknown {
    const output = slot.host.state.end();
    instances.discard(slot);
    if (!(error instanceof Exit)) throw error;
    if (isCommand && error.code === 0) return output;
    throw new ExitCode(isCommand ? error.message : `${error.message} before it had answered`);
  }

  return (message, _env, context) => {
    const slot = instances.take(context);
    slot.host.state.begin(message);
    let result: unknown;
    try {
      result = instances.ready(slot)(isCommand ? [] : [toRecordOf(message)]);
    } catch (error) {
      return drop(slot, error);
    }
    if (!suspends) return finish(slot, result);
    return (result as Promise<unknown>).then(
      (value) => finish(slot, value),
      (error: unknown) => drop(slot, error),
    );
  };
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
