/** WebAssembly components as handlers of messages and of HTTP requests. */
import type { Common, ComponentSpec, GlobalValue, GuestMessage, Handlers, Slot } from '../functions/index.ts';
import type { Variant } from './codec.ts';
import { HostState, openExchange } from './host/index.ts';
import { ComponentHost, ComponentInstance } from './instance.ts';
import { type Lifted, type Prepared, prepare } from './prepare.ts';

type Headers = readonly (readonly [name: string, value: string])[];
type Handle = (args: unknown[]) => unknown;

/** What an instance is called with; each is undefined where the component does not export it. */
interface Live {
  readonly message: Handle | undefined;
  readonly http: Handle | undefined;
}

const NO_DATA = new Uint8Array(0);
const NO_HEADERS: GuestMessage['headers'] = { get: () => null, entries: () => [] };

function createHandlers(
  modules: readonly WebAssemblyModule[],
  spec: ComponentSpec,
  { Instances, readGlobals, ExitCode, trapError }: Common,
): Handlers {
  const { suspends, states } = spec;
  const prepared: Prepared = prepare(spec.plan, suspends);
  const isCommand = spec.plan.handler?.kind === 'run';
  const steps = spec.memories.flatMap((memory, step) => (memory === null ? [] : [{ memory, step }]));
  const options = {
    name: spec.name,
    environment: Object.entries(spec.environment),
    bindings: spec.bindings,
    isCommand,
    trapError,
  };

  const instances = new Instances<ComponentHost, Live>({
    memories: steps.map(({ memory }) => memory),
    memoryBytes: spec.memoryBytes,
    suspends,
    data: steps.map(({ step }) => states?.[step]?.data),
    createHost: (_memories, wait) => new ComponentHost(new HostState({ ...options, wait }), spec.plan.tables),
    instantiate: ({ memories, host }) => {
      const byStep = spec.memories.map((_, step) => memories[steps.findIndex((own) => own.step === step)]);
      const instance = new ComponentInstance(prepared, modules, byStep, host);
      const globals: readonly GlobalValue[] | undefined =
        states === undefined ? undefined : instance.readGlobals(states, readGlobals);
      const liftedOf = (func: Lifted | undefined): Handle | undefined =>
        func === undefined ? undefined : instance.lifted(func, suspends);
      return { live: { message: liftedOf(prepared.handler), http: liftedOf(prepared.http) }, globals };
    },
    clearHost: (host) => host.clear(),
  });

  /** What a message is answered with. @param output what it wrote to standard output */
  function toReply(result: unknown, output: Uint8Array): unknown {
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
  function drop(slot: Slot<ComponentHost, Live>, error: unknown, isAnswered: boolean): unknown {
    const { state } = slot.host;
    const output = state.end();
    const { exitCode } = state;
    instances.discard(slot);
    if (exitCode === undefined) throw error;
    if (isAnswered && exitCode === 0) return output;
    throw new ExitCode(`it ended with exit code ${exitCode}${isAnswered ? '' : ' before it had answered'}`);
  }

  /**
   * Has an instance do one thing, and hands it back.
   * @param isAnswered whether an exit with 0 is an answer
   */
  function run(
    message: GuestMessage,
    call: (live: Live) => unknown,
    answer: (result: unknown, output: Uint8Array) => unknown,
    isAnswered: boolean,
  ): unknown {
    const slot = instances.take();
    slot.host.state.begin(message);
    const finish = (result: unknown): unknown => {
      const output = slot.host.state.end();
      instances.release(slot);
      return answer(result, output);
    };
    let result: unknown;
    try {
      result = call(instances.ready(slot));
    } catch (error) {
      return drop(slot, error, isAnswered);
    }
    if (!suspends) return finish(result);
    return (result as Promise<unknown>).then(finish, (error: unknown) => drop(slot, error, isAnswered));
  }

  const handlers: Handlers = {};
  if (prepared.handler !== undefined)
    handlers.message = (message) =>
      run(
        message,
        ({ message: handle }) => handle?.(isCommand ? [] : [toRecordOf(message)]),
        toReply,
        isCommand,
      );
  if (prepared.http !== undefined)
    handlers.request = (line, pairs, body) => {
      const { args, reply } = openExchange(line, pairs, body);
      const message = { subject: '', headers: NO_HEADERS, data: NO_DATA, params: {} };
      return run(message, ({ http }) => http?.([...args]), reply, false);
    };
  return handlers;
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

export const internals: { readonly createHandlers: typeof createHandlers } = { createHandlers };
