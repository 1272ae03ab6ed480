import { HairspringError } from './errors.ts';
import { isSubject, subjectMatches } from './subject.ts';

/** First token of the inboxes of cells, which nobody else has business to name. */
export const CELL_INBOX = '_HSCELL';

const UNDERSCORE = 95;
/** Characters of a reply subject that are quoted. */
const MAX_SHOWN = 200;

/**
 * Which reply subjects of callers a node answers at: inboxes, whose first token begins with `_`, and what its operator
 * allows besides. Whoever may only publish to a function would else have it write wherever the node may.
 */
export class ReplySubjects {
  readonly #allowed: readonly string[];

  /** @throws HS_USAGE */
  constructor(allowed: readonly string[] = []) {
    for (const pattern of allowed) {
      const reason = forbiddenReplyReason(pattern);
      if (reason !== undefined)
        throw new HairspringError('HS_USAGE', `Cannot answer at the reply subject "${pattern}": ${reason}`, {
          hint: 'Write --reply-subject as a NATS subject whose first token is none of these, such as orders.done.>',
        });
    }
    this.#allowed = allowed;
  }

  /** Whether nobody is answered there; false without a reply subject. */
  refuses(reply: string): boolean {
    if (reply.charCodeAt(0) === UNDERSCORE) return reply.startsWith(CELL_INBOX);
    return reply !== '' && !this.#allowed.some((pattern) => subjectMatches(pattern, reply));
  }
}

/** Why an operator may not allow `pattern`, or undefined when that is possible. */
function forbiddenReplyReason(pattern: string): string | undefined {
  if (!isSubject(pattern)) return 'it is not a valid NATS subject';
  const first = pattern.split('.', 1)[0] ?? '';
  if (first.startsWith('$')) return `"${first}" belongs to the server and the control plane`;
  if (first.startsWith(CELL_INBOX)) return `"${first}" belongs to the cells of the node`;
  if (first === '*' || first === '>')
    return `"${first}" as the first token covers what belongs to the server`;
  return undefined;
}

/** What is said of a caller who is not answered. @param before others since that was last said */
export function refusedReplyText(reply: string, before: number): string {
  const others = before === 0 ? '' : `, and so were ${before} before`;
  return (
    `A caller was not answered at its reply subject "${reply.slice(0, MAX_SHOWN)}"${others}: this node answers at inboxes, ` +
    'whose first token begins with "_", and at what its operator allows with --reply-subject'
  );
}
