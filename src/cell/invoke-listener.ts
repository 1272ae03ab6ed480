import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import {
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
  if (slot === undefined) {
    const error = new HairspringError(
      'HS_FUNCTION_NOT_FOUND',
      `There is no function "${name}" in namespace "${namespace}"`,
    );
    if (reply !== '' && !isForbiddenReply(reply))
      replyToError(nc, reply, { workloadId: '', namespace }, error);
    return;
  }
  const { spec } = slot.runner;
  const literal = spec.triggers.find((trigger) => isLiteralSubject(trigger.subject))?.subject;
  const subject = message.headers?.get(REQUEST_HEADERS.subject) || literal || '';
  const triggerIndex = isLiteralSubject(subject)
    ? spec.triggers.findIndex((trigger) => subjectMatches(trigger.subject, subject))
    : INVOKE_TRIGGER;
  if (triggerIndex === INVOKE_TRIGGER) {
    const listens = spec.triggers.map((trigger) => trigger.pattern).join(', ');
    const detail =
      subject === ''
        ? 'it listens on wildcards only, so a subject is needed'
        : `"${subject}" matches none of its triggers`;
    const error = new HairspringError('HS_INVOKE_SUBJECT', `Cannot invoke ${name}: ${detail} (${listens})`);
    if (reply !== '' && !isForbiddenReply(reply))
      replyToError(nc, reply, { workloadId: spec.id, namespace }, error);
    return;
  }
  const headers = [...(message.headers ?? [])].flatMap(([key, values]) =>
    values.map((value) => [key, value] as const),
  );
  const passed = headers.filter(([key]) => key !== REQUEST_HEADERS.subject);
  slot.listener.deliver(triggerIndex, subject, reply, passed, message.data);
}
