import { forbiddenTriggerReason, isLiteralSubject, type MessagingBinding } from '../../core/index.ts';
import {
  distinct,
  type GrantSuggestion,
  type GrantUse,
  generalizeLast,
  refusedNote,
  type SuggestOptions,
} from '../shared/grant-suggestion.ts';
import { isMessagingOperation, type MessagingOperation } from './grant.ts';
import { MESSAGING_LIMITS } from './limits.ts';

/** The smallest messaging grant: each subject as it was used, unless patterns are asked for or there are too many. */
export function suggestMessagingGrant(
  binding: MessagingBinding,
  uses: readonly GrantUse[],
  { generalize }: SuggestOptions,
): GrantSuggestion<MessagingBinding> {
  const known = uses.filter(({ op, name }) => isMessagingOperation(op) && canBeGranted(name));
  if (known.length === 0) return { binding, notes: [] };
  const patternsOf = (wanted: MessagingOperation): readonly string[] => {
    const subjects = distinct(known.filter(({ op }) => op === wanted).map(({ name }) => name));
    return toPatterns(subjects, generalize) ?? binding[wanted];
  };
  const refused = known.filter(({ outcome }) => outcome === 'denied');
  return {
    binding: { service: 'messaging', publish: patternsOf('publish'), request: patternsOf('request') },
    notes: refusedNote(refused.map(({ op, name }) => `${op} ${name}`)),
  };
}

/** Whether a Nexfile may name the subject. */
function canBeGranted(subject: string): boolean {
  return isLiteralSubject(subject) && forbiddenTriggerReason(subject) === undefined;
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
