import type { NatsConnection } from '@nats-io/transport-node';
import {
  type Clock,
  type HostCall,
  type HostCaller,
  type HostCallResult,
  type HostService,
  type LocalBinding,
  type LocalFunctions,
  type MessagingBinding,
  PayloadLimit,
  type PreparedBinding,
} from '../../core/index.ts';
import { Handles } from '../shared/handles.ts';
import { checkOperation, isSendingOperation, type SendingOperation } from './grant.ts';
import { MESSAGING_LIMITS } from './limits.ts';
import { MessagingBudgets } from './provider-budgets.ts';
import { callFunction, type FunctionCalls } from './provider-calls.ts';
import { FlowControl } from './provider-flow.ts';
import { LocalCalls } from './provider-local-calls.ts';
import type { Replies } from './provider-replies.ts';
import { publishAcked, request, requestMany } from './provider-requests.ts';
import { type Means, prepareMessage, publish } from './provider-send.ts';
import { ConnectionWatch } from './provider-watch.ts';

export { type FunctionCalls, MessagingBudgets };

export interface MessagingOptions {
  /** Of the connection. @default `_INBOX` */
  readonly inboxPrefix?: string | undefined;
  /** @default those of the namespace "default", and none in this process */
  readonly calls?: FunctionCalls | undefined;
  /** What the connections of a cell share. @default none other */
  readonly budgets?: MessagingBudgets;
}

/** The messaging host service over the cell's own connection, which also names every reply subject. */
export function createMessagingService(
  nc: NatsConnection,
  clock: Clock,
  { inboxPrefix, calls = { namespace: 'default' }, budgets = new MessagingBudgets() }: MessagingOptions = {},
): HostService<MessagingBinding> {
  const means: Means = {
    nc,
    limit: new PayloadLimit(nc),
    clock,
    inboxPrefix,
    flow: new FlowControl(nc, budgets.unsent),
    watch: new ConnectionWatch(nc),
    budgets,
  };
  return {
    name: 'messaging',
    prepare: (label, binding) => new MessagingGrant(label, binding, means, calls),
  };
}

/**
 * What a binding does without the connection of its function, of which `nc` tells how much it carries: a function calls
 * another of its process also while there is none.
 */
export function prepareLocalCalls(
  nc: NatsConnection,
  clock: Clock,
  binding: MessagingBinding,
  functions: LocalFunctions,
): LocalBinding {
  return new LocalCalls(binding, { limit: new PayloadLimit(nc), clock }, functions);
}

class MessagingGrant implements PreparedBinding {
  readonly #label: string;
  readonly #binding: MessagingBinding;
  readonly #means: Means;
  readonly #namespace: string;
  readonly #local: LocalCalls | undefined;
  readonly #handles: Handles<Replies>;

  constructor(label: string, binding: MessagingBinding, means: Means, calls: FunctionCalls) {
    this.#label = label;
    this.#binding = binding;
    this.#means = means;
    this.#namespace = calls.namespace;
    this.#local = calls.local && new LocalCalls(binding, means, calls.local);
    const { manyPerInvocation: perInvocation, manyPerFunction: perFunction } = MESSAGING_LIMITS;
    this.#handles = new Handles({ what: 'a requestMany', label, perInvocation, perFunction });
  }

  async call(call: HostCall, caller: HostCaller): Promise<HostCallResult> {
    const { args } = call;
    const op = checkOperation(this.#label, call.op);
    if (isSendingOperation(op)) return await this.#send(op, call, caller);
    switch (op) {
      case 'call':
        return await (this.#local?.call(call, caller) ??
          callFunction(this.#binding, this.#means, this.#namespace, call, caller));
      case 'next':
        return await this.#next(args[0]);
      case 'close':
        this.#handles.close(args[0]);
        return { value: null };
    }
  }

  holds({ op, args }: HostCall): boolean {
    return (op === 'next' || op === 'close') && this.#handles.find(args[0]) !== undefined;
  }

  abandoned(callerId: number): void {
    this.#local?.abandoned(callerId);
  }

  ended(callerId: number): void {
    this.#handles.ended(callerId);
  }

  async #send(op: SendingOperation, call: HostCall, caller: HostCaller): Promise<HostCallResult> {
    const message = prepareMessage(this.#label, this.#binding, this.#means, op, call, caller);
    const options = call.args.slice(2);
    switch (op) {
      case 'publish':
        return await publish(this.#means, message, caller);
      case 'publishAcked':
        return await publishAcked(this.#means, message, caller, options);
      case 'request':
        return await request(this.#means, message, caller, options);
      case 'requestMany': {
        const ask = (): Promise<Replies> => requestMany(this.#means, message, caller, options);
        return { value: await this.#handles.open(caller.id, ask) };
      }
    }
  }

  async #next(handle: unknown): Promise<HostCallResult> {
    const replies = this.#handles.get(handle);
    try {
      const found = await replies.next();
      if (found.value === null) this.#handles.close(handle);
      return found;
    } catch (error) {
      this.#handles.close(handle);
      throw error;
    }
  }
}
