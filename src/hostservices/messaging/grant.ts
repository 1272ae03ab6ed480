import {
  forbiddenTriggerReason,
  HairspringError,
  isLiteralSubject,
  type MessagingBinding,
  subjectMatches,
} from '../../core/index.ts';

/** Characters of a refused value that a message quotes. */
const MAX_QUOTED_CHARS = 100;

export type MessagingOperation = 'publish' | 'request';

export function isMessagingOperation(op: string): op is MessagingOperation {
  return op === 'publish' || op === 'request';
}

/**
 * The subject, checked for form and against the grant's patterns. Subjects of the server, of JetStream,
 * of the control plane and of replies are refused whatever the grant says.
 * @throws HS_SUBJECT_INVALID, HS_BINDING_DENIED
 */
export function checkSubject(
  label: string,
  binding: MessagingBinding,
  op: MessagingOperation,
  subject: unknown,
): string {
  if (typeof subject !== 'string' || !isLiteralSubject(subject)) {
    const shown =
      typeof subject === 'string' ? JSON.stringify(subject.slice(0, MAX_QUOTED_CHARS)) : typeof subject;
    throw new HairspringError(
      'HS_SUBJECT_INVALID',
      `Cannot ${op} to ${shown}: it is not a subject that can be sent to`,
    );
  }
  const reserved = forbiddenTriggerReason(subject);
  if (reserved !== undefined)
    throw new HairspringError('HS_BINDING_DENIED', `Cannot ${op} to "${subject}": ${reserved}`);
  const patterns = binding[op];
  if (patterns.some((pattern) => subjectMatches(pattern, subject))) return subject;
  const granted = patterns.length === 0 ? 'nothing' : patterns.map((pattern) => `"${pattern}"`).join(', ');
  throw new HairspringError(
    'HS_BINDING_DENIED',
    `Cannot ${op} to "${subject}": binding ${label} grants ${op} of ${granted}`,
  );
}
