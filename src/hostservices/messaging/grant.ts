import {
  forbiddenTriggerReason,
  HairspringError,
  type HostCall,
  isLiteralSubject,
  isToken,
  type MessagingBinding,
  subjectMatches,
} from '../../core/index.ts';

/** Characters of a refused value that a message quotes. */
const MAX_QUOTED_CHARS = 100;

/** Operations that send to a subject, and the part of the grant that each needs. */
export const SENDING_OPERATIONS = {
  publish: 'publish',
  publishAcked: 'publish',
  request: 'request',
  requestMany: 'request',
} as const;

export type SendingOperation = keyof typeof SENDING_OPERATIONS;

/** All operations, and the part of the grant that each needs; what goes on with something open needs none of its own. */
export const MESSAGING_OPERATIONS = {
  ...SENDING_OPERATIONS,
  call: 'call',
  next: 'none',
  close: 'none',
} as const;

export type MessagingOperation = keyof typeof MESSAGING_OPERATIONS;

export function isMessagingOperation(op: string): op is MessagingOperation {
  return Object.hasOwn(MESSAGING_OPERATIONS, op);
}

/** @throws HS_HOST_CALL_INVALID when there is no such operation */
export function checkOperation(label: string, op: string): MessagingOperation {
  if (isMessagingOperation(op)) return op;
  throw new HairspringError(
    'HS_HOST_CALL_INVALID',
    `Cannot call ${label}.${op.slice(0, 100)}: messaging has no such operation`,
  );
}

/**
 * What a call needs of its grant, before there is a connection to make it by.
 * @throws HS_HOST_CALL_INVALID, HS_SUBJECT_INVALID, HS_BINDING_DENIED
 */
export function checkMessagingCall(
  label: string,
  binding: MessagingBinding,
  { op: given, args }: HostCall,
): void {
  const op = checkOperation(label, given);
  if (isSendingOperation(op)) checkSubject(label, binding, SENDING_OPERATIONS[op], args[0]);
  else if (op === 'call') checkFunctionName(binding, args[0]);
}

export function isSendingOperation(op: string): op is SendingOperation {
  return Object.hasOwn(SENDING_OPERATIONS, op);
}

/**
 * The subject, checked for form and against the grant's patterns. Subjects of the server, of JetStream,
 * of the control plane and of replies are refused whatever the grant says.
 * @throws HS_SUBJECT_INVALID, HS_BINDING_DENIED
 */
export function checkSubject(
  label: string,
  binding: MessagingBinding,
  op: 'publish' | 'request',
  subject: unknown,
): string {
  const wanted = checkLiteral(op, subject);
  const reserved = forbiddenTriggerReason(wanted);
  if (reserved !== undefined)
    throw new HairspringError('HS_BINDING_DENIED', `Cannot ${op} to "${wanted}": ${reserved}`);
  const patterns = binding[op];
  if (patterns.some((pattern) => subjectMatches(pattern, wanted))) return wanted;
  throw new HairspringError(
    'HS_BINDING_DENIED',
    `Cannot ${op} to "${wanted}": binding ${label} grants ${op} of ${listGranted(patterns)}`,
  );
}

/** @throws HS_SUBJECT_INVALID */
export function checkLiteral(op: string, subject: unknown): string {
  if (typeof subject === 'string' && isLiteralSubject(subject)) return subject;
  throw new HairspringError(
    'HS_SUBJECT_INVALID',
    `Cannot ${op} to ${quote(subject)}: it is not a subject that can be sent to`,
  );
}

/**
 * The name of a function, checked for form and against the grant.
 * @throws HS_HOST_CALL_INVALID, HS_BINDING_DENIED
 */
export function checkFunctionName({ call }: Pick<MessagingBinding, 'call'>, name: unknown): string {
  if (typeof name !== 'string' || !isToken(name)) {
    throw new HairspringError(
      'HS_HOST_CALL_INVALID',
      `Cannot call ${quote(name)}: the name of a function is 1 to 64 letters, digits, - and _`,
    );
  }
  if (call.includes(name)) return name;
  throw new HairspringError(
    'HS_BINDING_DENIED',
    `Cannot call function "${name}": the bindings grant calls of ${listGranted(call)}`,
  );
}

/** For messages. */
export function listGranted(granted: readonly string[]): string {
  return granted.length === 0 ? 'nothing' : granted.map((each) => `"${each}"`).join(', ');
}

function quote(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, MAX_QUOTED_CHARS)) : typeof value;
}
