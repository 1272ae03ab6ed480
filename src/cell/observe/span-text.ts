/** Names and attributes of spans, by OpenTelemetry's semantic conventions where it has one. */
import {
  type Binding,
  type FunctionSpec,
  type Invocation,
  type InvocationStatus,
  type ObservedCall,
  type Redact,
  type SpanRecord,
  shownSubject,
  TELEMETRY_LIMITS,
} from '../../core/index.ts';
import { starredName } from './starred-name.ts';

type Attributes = SpanRecord['attributes'];

const NATS = 'nats';

/** `process greet.{name}`, or `GET /albums/:album`: the pattern, so that there are few names. */
export function triggerName(spec: FunctionSpec, { triggerIndex, subject }: Invocation): string {
  const { pattern, kind } = spec.triggers[triggerIndex] ?? { pattern: spec.name, kind: 'subject' };
  return cut(kind === 'http' ? `${methodOf(subject)} ${pattern}` : `process ${pattern}`);
}

export function triggerKind(spec: FunctionSpec, { triggerIndex }: Invocation): SpanRecord['kind'] {
  return spec.triggers[triggerIndex]?.kind === 'http' ? 'server' : 'consumer';
}

function methodOf(line: string): string {
  return line.slice(0, line.indexOf(' '));
}

/** Of an HTTP request neither its query nor who sent it. */
function httpAttributes(
  route: string,
  subject: string,
  bytes: number,
  redact: Redact | undefined,
): Attributes {
  const shown = shownSubject(subject);
  return {
    'http.request.method': methodOf(subject),
    'http.route': cut(route),
    'url.path': named('objectstore', shown.slice(shown.indexOf(' ') + 1), redact),
    'http.request.body.size': bytes,
  };
}

/** @param redact takes the secrets of the function out of a text, if it has some */
export function triggerAttributes(spec: FunctionSpec, invocation: Invocation, redact?: Redact): Attributes {
  const { triggerIndex, subject, data, reply } = invocation;
  const trigger = spec.triggers[triggerIndex];
  if (trigger?.kind === 'http') return httpAttributes(trigger.pattern, subject, data.length, redact);
  return {
    'messaging.system': NATS,
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'process',
    'messaging.destination.name': named('messaging', subject, redact),
    ...(trigger === undefined ? {} : { 'messaging.destination.template': cut(trigger.pattern) }),
    ...(trigger?.fanout === true
      ? {}
      : { 'messaging.consumer.group.name': `${spec.namespace}.${spec.name}` }),
    'messaging.message.body.size': data.length,
    'hairspring.reply_expected': reply !== '',
  };
}

/** The service of a binding; what every function has goes by its label, which begins with `$`. */
export function serviceOf(spec: FunctionSpec, label: string): string {
  return bindingOf(spec, label)?.service ?? label.replace(/^\$/, '');
}

const OPERATION = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** The operation, if its service has it: whatever else a guest says is of no bounded number, nor form. */
export function operationOf(op: string, status: InvocationStatus): string {
  return status === 'HS_HOST_CALL_INVALID' || !OPERATION.test(op) ? 'invalid' : op;
}

export function callName(spec: FunctionSpec, { label, op }: ObservedCall, status: InvocationStatus): string {
  return `${serviceOf(spec, label)} ${operationOf(op, status)}`.slice(0, TELEMETRY_LIMITS.attributeChars);
}

export function callKind({ op }: ObservedCall): SpanRecord['kind'] {
  return op === 'publish' || op === 'publishAcked' ? 'producer' : 'client';
}

/** @param redact as in {@link triggerAttributes} */
export function callAttributes(
  spec: FunctionSpec,
  { label, op, args }: ObservedCall,
  redact?: Redact,
): Attributes {
  const binding = bindingOf(spec, label);
  const own: Attributes = {
    'hairspring.binding': cut(label),
    'hairspring.service': serviceOf(spec, label),
    'hairspring.operation': cut(op),
  };
  const [first, second, third] = args;
  if (binding?.service === 'messaging') {
    return {
      ...own,
      'messaging.system': NATS,
      'messaging.operation.type': 'send',
      'messaging.operation.name': cut(op),
      ...(typeof first === 'string'
        ? { 'messaging.destination.name': named('messaging', first, redact) }
        : {}),
    };
  }
  if (binding?.service === 'http' && typeof second === 'string' && typeof third === 'string') {
    // Paths and queries may hold what nobody else is to know.
    const host = URL.parse(third)?.hostname;
    return {
      ...own,
      'http.request.method': cut(second),
      ...(host === undefined ? {} : { 'server.address': named('messaging', host, redact) }),
    };
  }
  if (binding?.service === 'kv' || binding?.service === 'objectstore')
    return { ...own, 'db.system.name': NATS, 'db.collection.name': binding.bucket };
  if (label === '$functions' && typeof first === 'string')
    return { ...own, 'faas.invoked_name': named('messaging', first, redact) };
  return own;
}

function bindingOf({ bindings }: FunctionSpec, label: string): Binding | undefined {
  return Object.hasOwn(bindings, label) ? bindings[label] : undefined;
}

/** With stars for what holds a secret. Of the whole, since a secret that is cut in two is not found. */
function named(service: Binding['service'], name: string, redact: Redact | undefined): string {
  return cut(redact === undefined ? name : starredName(service, name, redact) || '*');
}

function cut(text: string): string {
  return text.slice(0, TELEMETRY_LIMITS.attributeChars);
}
