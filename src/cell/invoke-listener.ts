import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import {
  type FunctionSpec,
  HairspringError,
  type HeaderPairs,
  hairspringSubjects,
  INVOKE_TRIGGER,
  isLiteralSubject,
  isSubjectTrigger,
  queueGroups,
  REQUEST_HEADERS,
  readHeaders,
  subjectMatches,
} from '../core/index.ts';
import { refuseSize, type SubjectListener } from '../triggers/index.ts';

/** The function that is invoked; its version may change between two invocations. */
export interface InvokedFunction {
  readonly listener: SubjectListener;
  readonly runner: { readonly spec: FunctionSpec };
}

/** Answers invocations by name. */
export function listenForInvokes(nc: NatsConnection, invoked: InvokedFunction): Subscription {
  const { spec } = invoked.runner;
  return nc.subscribe(hairspringSubjects.invoke(spec.namespace, spec.name), {
    queue: queueGroups.invoke(spec),
    callback: (error, message) => {
      if (error !== null) return;
      try {
        const { pairs, bytes } = readHeaders(message);
        invoke(invoked, message.reply ?? '', pairs, message.data, bytes);
      } catch {
        // What is thrown here would end the read loop of the connection for all functions.
      }
    },
  });
}

/**
 * Takes an invocation by name; also one that came to another cell.
 * @param headerBytes size of the header block, which counts toward the function's payload limit
 */
export function invoke(
  { listener, runner }: InvokedFunction,
  reply: string,
  headers: HeaderPairs | undefined,
  data: Uint8Array,
  headerBytes: number = 0,
): void {
  const { spec } = runner;
  const asked = headers?.find(([key]) => key === REQUEST_HEADERS.subject)?.[1] ?? '';
  const place = refuseSize(spec, headerBytes, data.length) ?? placeInvoke(spec, asked);
  if (HairspringError.is(place)) {
    listener.refuse(reply, place);
    return;
  }
  const passed = headers?.filter(([key]) => key !== REQUEST_HEADERS.subject);
  listener.deliver(place.triggerIndex, place.subject, reply, passed, data, headerBytes);
}

/**
 * The subject and the trigger that an invocation by name stands for: the subject asked for, else the
 * first trigger without a wildcard, else, for a function that listens on no subject, its name.
 */
export function placeInvoke(
  spec: FunctionSpec,
  asked: string,
): { readonly subject: string; readonly triggerIndex: number } | HairspringError {
  const triggers = spec.triggers.filter(isSubjectTrigger);
  const literal = triggers.find((trigger) => isLiteralSubject(trigger.subject))?.subject;
  const subject = asked || literal || (triggers.length === 0 ? spec.name : '');
  const valid = isLiteralSubject(subject);
  const triggerIndex = valid
    ? spec.triggers.findIndex(
        (trigger) => isSubjectTrigger(trigger) && subjectMatches(trigger.subject, subject),
      )
    : INVOKE_TRIGGER;
  if (triggerIndex !== INVOKE_TRIGGER || (valid && triggers.length === 0)) return { subject, triggerIndex };
  const listens = triggers.map((trigger) => trigger.pattern).join(', ');
  const detail =
    subject === ''
      ? 'it listens on wildcards only, so a subject is needed'
      : `"${subject}" matches none of its triggers`;
  return new HairspringError('HS_INVOKE_SUBJECT', `Cannot invoke ${spec.name}: ${detail} (${listens})`);
}
