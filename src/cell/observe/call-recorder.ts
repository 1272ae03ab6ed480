import {
  type Binding,
  type CallUse,
  type FinishedInvocation,
  type FunctionSpec,
  type InvocationStatus,
  type ObservedCall,
  type Redact,
  SilentObserver,
  TELEMETRY_LIMITS,
} from '../../core/index.ts';
import { CALLS_LABEL } from '../../hostservices/index.ts';
import { operationOf } from './span-text.ts';
import { starredName } from './starred-name.ts';

/** Errors of calls that name nothing that a grant could cover. */
const MEANINGLESS: readonly InvocationStatus[] = [
  'HS_HOST_CALL_INVALID',
  'HS_KV_KEY_INVALID',
  'HS_SUBJECT_INVALID',
];

/** Tells each kind of host call of each version of a function once, for the grants that it needs. */
export class CallRecorder extends SilentObserver {
  readonly #seen = new WeakMap<FunctionSpec, Set<string>>();
  readonly #found: CallUse[] = [];
  readonly #redactOf: (spec: FunctionSpec) => Redact | undefined;

  /** @param redactOf what takes the secrets of a function out of a text, if it has some */
  constructor(redactOf: (spec: FunctionSpec) => Redact | undefined) {
    super();
    this.#redactOf = redactOf;
  }

  override wantsDetails(): boolean {
    return true;
  }

  override onFinished(spec: FunctionSpec, _finished: FinishedInvocation): void {
    this.#add(spec, { label: '', service: '', op: 'invoke', name: '', outcome: 'used' });
  }

  override onCallFinished(
    spec: FunctionSpec,
    { label, op, args, alsoNamed = [] }: ObservedCall,
    status: InvocationStatus,
  ): void {
    const granting = label === CALLS_LABEL ? callsLabel(spec, args[0]) : label;
    const binding = Object.hasOwn(spec.bindings, granting) ? spec.bindings[granting] : undefined;
    if (binding === undefined || MEANINGLESS.includes(status)) return;
    const { service } = binding;
    const operation = operationOf(op, status);
    // Of several names all were covered but perhaps the last one, at which a call that is refused ends.
    const redact = this.#redactOf(spec);
    for (const [index, named] of [callName(binding, op, args), ...alsoNamed].entries()) {
      const name = redact === undefined ? named : starredName(service, named, redact);
      const outcome = index === alsoNamed.length ? outcomeOf(status, index > 0) : 'used';
      if (name.length <= TELEMETRY_LIMITS.callNameChars)
        this.#add(spec, { label: granting, service, op: operation, name, outcome });
    }
  }

  #add(spec: FunctionSpec, use: Omit<CallUse, 'functionId'>): void {
    let seen = this.#seen.get(spec);
    if (seen === undefined) {
      seen = new Set();
      this.#seen.set(spec, seen);
    }
    const key = JSON.stringify(use);
    if (seen.has(key) || seen.size > TELEMETRY_LIMITS.callUses) return;
    seen.add(key);
    const isLast = seen.size > TELEMETRY_LIMITS.callUses;
    const told = isLast
      ? { label: '', service: '', op: 'overflow', name: '', outcome: 'used' as const }
      : use;
    this.#found.push({ functionId: spec.id, ...told });
  }

  /** What was not taken before, as much as one report may have. */
  take(): readonly CallUse[] {
    return this.#found.splice(0, TELEMETRY_LIMITS.callUsesPerReport);
  }
}

/** The binding that lets a function call another one, or that could. */
function callsLabel({ bindings }: FunctionSpec, name: unknown): string {
  const labels = Object.keys(bindings).filter((label) => bindings[label]?.service === 'messaging');
  const granting = labels.find((label) => {
    const binding = bindings[label];
    return binding?.service === 'messaging' && binding.call.some((each) => each === name);
  });
  return granting ?? labels[0] ?? '';
}

/** What is redirected to where nobody may go was covered itself. */
function outcomeOf(status: InvocationStatus, isRedirected: boolean): CallUse['outcome'] {
  if (status === 'HS_HTTP_ADDRESS_DENIED') return 'address-denied';
  if (status === 'HS_HTTP_REDIRECT_DENIED') return isRedirected ? 'denied' : 'used';
  return status === 'HS_BINDING_DENIED' ? 'denied' : 'used';
}

/** What a call names, and nothing else of its arguments: they may hold values. A new host service has a line here. */
function callName(binding: Binding, op: string, args: ObservedCall['args']): string {
  const [first, second, third] = args;
  switch (binding.service) {
    case 'kv': {
      // A watch without a filter is one of all keys of the grant.
      const key = op === 'watch' ? (third ?? binding.keys) : first;
      return typeof key === 'string' ? key : '';
    }
    case 'messaging':
    case 'objectstore':
      return typeof first === 'string' ? first : '';
    case 'http':
      return typeof second === 'string' && typeof third === 'string' ? httpName(second, third) : '';
    default:
      return '';
  }
}

/** The method and the URL without what may be a secret in it. */
function httpName(method: string, text: string): string {
  const url = URL.parse(text);
  return url === null ? '' : `${method} ${url.origin}${url.pathname}`;
}
