import {
  HairspringError,
  type HostCall,
  type HostCaller,
  type HostCallResult,
  type LocalBinding,
  type LocalCall,
  type LocalFunctions,
  type MessagingBinding,
  type Outcome,
} from '../../core/index.ts';
import { checkFunctionName } from './grant.ts';
import { type CallMeans, prepareCall } from './provider-calls.ts';
import { ownPairs } from './provider-headers.ts';
import { toBytes } from './provider-send.ts';

/** Calls of functions that are in this process. They take no connection but for what they say of it: how much it carries. */
export class LocalCalls implements LocalBinding {
  readonly #binding: MessagingBinding;
  readonly #means: CallMeans;
  readonly #functions: LocalFunctions;
  /** By their callers. */
  readonly #underWay = new Map<number, Set<LocalCall>>();

  constructor(binding: MessagingBinding, means: CallMeans, functions: LocalFunctions) {
    this.#binding = binding;
    this.#means = means;
    this.#functions = functions;
  }

  call(call: HostCall, caller: HostCaller): Promise<HostCallResult> | undefined {
    if (call.op !== 'call') return undefined;
    const name = checkFunctionName(this.#binding, call.args[0]);
    if (!this.#functions.has(name)) return undefined;
    const { subject, headers, data, action } = prepareCall(name, this.#means, call, caller);
    const pairs = [...headers].flatMap(([key, values]) => values.map((value) => [key, value] as const));
    return this.#follow(action, this.#functions.call({ name, subject, headers: pairs, data }), caller.id);
  }

  abandoned(callerId: number): void {
    for (const call of [...(this.#underWay.get(callerId) ?? [])]) call.abandon();
  }

  async #follow(action: string, call: LocalCall, callerId: number): Promise<HostCallResult> {
    const own = this.#underWay.get(callerId) ?? new Set();
    this.#underWay.set(callerId, own.add(call));
    try {
      return this.#toResult(await call.answered);
    } catch (error) {
      if (!HairspringError.is(error)) throw error;
      throw new HairspringError(error.code, `Cannot ${action}: ${error.message}`, { cause: error });
    } finally {
      own.delete(call);
      if (own.size === 0) this.#underWay.delete(callerId);
    }
  }

  /** As large as it could be over NATS: it must not matter where a function runs. */
  #toResult({ payload, headers }: Outcome): HostCallResult {
    const data = toBytes(payload);
    if (data.length <= this.#means.limit.bytes) return { value: ownPairs(headers), data };
    const detail = `its reply of ${data.length} bytes is larger than the server's max_payload`;
    throw new HairspringError('HS_REPLY_TOO_LARGE', detail);
  }
}
