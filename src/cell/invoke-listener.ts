import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import {
  type FunctionSpec,
  HairspringError,
  hairspringSubjects,
  INVOKE_TRIGGER,
  isForbiddenReply,
  isLiteralSubject,
  REQUEST_HEADERS,
  subjectMatches,
} from '../core/index.ts';
import { replyToError } from '../triggers/index.ts';
import type { FunctionTable } from './function-table.ts';

/** Answers invocations by name, on one subscription for the whole namespace. */
export function listenForInvokes(nc: NatsConnection, namespace: string, table: FunctionTable): Subscription {
  return nc.subscribe(hairspringSubjects.invoke(namespace, '*'), {
    queue: `${namespace}.invoke`,
    callback: (error, message) => {
      if (error === null) onInvoke(nc, namespace, table, message);
    },
  });
}

function onInvoke(nc: NatsConnection, namespace: string, table: FunctionTable, message: Msg): void {
  const name = message.subject.slice(message.subject.lastIndexOf('.') + 1);
  const reply = message.reply ?? '';
  const slot = table.byName(name);
  const refuse = (error: HairspringError): void => {
    const workloadId = slot?.runner.spec.id ?? '';
    if (reply !== '' && !isForbiddenReply(reply)) replyToError(nc, reply, { workloadId, namespace }, error);
  };
  if (slot === undefined) {
    refuse(
      new HairspringError(
        'HS_FUNCTION_NOT_FOUND',
        `There is no function "${name}" in namespace "${namespace}"`,
      ),
    );
    return;
  }
  const asked = message.headers?.get(REQUEST_HEADERS.subject) ?? '';
  const place = placeInvoke(slot.runner.spec, asked);
  if (HairspringError.is(place)) {
    refuse(place);
    return;
  }
  const headers = [...(message.headers ?? [])].flatMap(([key, values]) =>
    values.map((value) => [key, value] as const),
  );
  const passed = headers.filter(([key]) => key !== REQUEST_HEADERS.subject);
  slot.listener.deliver(place.triggerIndex, place.subject, reply, passed, message.data);
}

/**
 * The subject and the trigger that an invocation by name stands for: the subject asked for, else the
 * first trigger without a wildcard, else, for a function without triggers, its name.
 */
function placeInvoke(
  spec: FunctionSpec,
  asked: string,
): { readonly subject: string; readonly triggerIndex: number } | HairspringError {
  const literal = spec.triggers.find((trigger) => isLiteralSubject(trigger.subject))?.subject;
  const subject = asked || literal || (spec.triggers.length === 0 ? spec.name : '');
  const valid = isLiteralSubject(subject);
  const triggerIndex = valid
    ? spec.triggers.findIndex((trigger) => subjectMatches(trigger.subject, subject))
    : INVOKE_TRIGGER;
  if (triggerIndex !== INVOKE_TRIGGER || (valid && spec.triggers.length === 0))
    return { subject, triggerIndex };
  const listens = spec.triggers.map((trigger) => trigger.pattern).join(', ');
  const detail =
    subject === ''
      ? 'it listens on wildcards only, so a subject is needed'
      : `"${subject}" matches none of its triggers`;
  return new HairspringError('HS_INVOKE_SUBJECT', `Cannot invoke ${spec.name}: ${detail} (${listens})`);
}
