import {
  forbiddenTriggerReason,
  isLiteralSubject,
  isSubject,
  isToken,
  type MessagingBinding,
} from '../../core/index.ts';
import {
  distinct,
  type GrantSuggestion,
  type GrantUse,
  generalizeLast,
  refusedNote,
  type SuggestOptions,
} from '../shared/grant-suggestion.ts';
import { isSendingOperation, SENDING_OPERATIONS } from './grant.ts';
import { MESSAGING_LIMITS } from './limits.ts';

/** The smallest messaging grant: each subject as it was used, unless patterns are asked for or there are too many. */
export function suggestMessagingGrant(
  binding: MessagingBinding,
  uses: readonly GrantUse[],
  { generalize }: SuggestOptions,
): GrantSuggestion<MessagingBinding> {
  const known = uses.flatMap((use) => {
    const wanted = wantedOf(use);
    return wanted === undefined ? [] : [{ ...use, wanted }];
  });
  if (known.length === 0) return { binding, notes: [] };
  const namesFor = (part: Part): readonly string[] =>
    distinct(known.filter(({ wanted }) => wanted === part).map(({ name }) => name));
  const patternsOf = (part: 'publish' | 'request'): readonly string[] =>
    toPatterns(namesFor(part), generalize) ?? binding[part];
  const refused = known.filter(({ outcome }) => outcome === 'denied');
  return {
    binding: {
      service: 'messaging',
      publish: patternsOf('publish'),
      request: patternsOf('request'),
      call: namesFor('call'),
    },
    notes: refusedNote(refused.map(({ op, name }) => `${op} ${name}`)),
  };
}

type Part = 'publish' | 'request' | 'call';

/** The part of a grant that a use needs; undefined when none can cover it. */
function wantedOf({ op, name, outcome }: GrantUse): Part | undefined {
  if (op === 'call') return isToken(name) ? 'call' : undefined;
  return isSendingOperation(op) && canBeGranted(name, outcome) ? SENDING_OPERATIONS[op] : undefined;
}

/** Whether a Nexfile may name the subject. A star of what was sent stands for a secret: nobody sends to a wildcard. */
function canBeGranted(subject: string, outcome: GrantUse['outcome']): boolean {
  const isNamed = outcome === 'used' ? isSubject(subject) : isLiteralSubject(subject);
  return isNamed && forbiddenTriggerReason(subject) === undefined;
}

/** @returns undefined when even patterns are too many */
function toPatterns(
  subjects: readonly string[],
  generalize: number | undefined,
): readonly string[] | undefined {
  const tries = [
    () => generalizeLast(subjects, '.', generalize),
    () => generalizeLast(subjects, '.', 1),
    () => distinct(subjects.flatMap(underFirstToken)),
  ];
  for (const attempt of tries) {
    const patterns = attempt();
    if (patterns.length <= MESSAGING_LIMITS.patterns) return patterns;
  }
  return undefined;
}

function underFirstToken(subject: string): readonly string[] {
  const [first = '', ...rest] = subject.split('.');
  return rest.length === 0 ? [first] : [`${first}.>`];
}
