import type { Binding, CallUse } from '../core/index.ts';
import { suggestHttpGrant } from './http/suggest-grant.ts';
import { suggestKvGrant } from './kv/suggest-grant.ts';
import { suggestMessagingGrant } from './messaging/suggest-grant.ts';
import { suggestObjectStoreGrant } from './objectstore/suggest-grant.ts';
import type { GrantSuggestion, GrantUse, SuggestOptions } from './shared/grant-suggestion.ts';

/**
 * The smallest grant of a binding's kind that covers `uses`; the binding itself where they say nothing of it.
 * A new host service has a line here; until it has one, its bindings are left as they are.
 */
export function suggestGrant(
  binding: Binding,
  uses: readonly GrantUse[],
  options: SuggestOptions,
): GrantSuggestion<Binding> {
  switch (binding.service) {
    case 'kv':
      return suggestKvGrant(binding, uses);
    case 'http':
      return suggestHttpGrant(binding, uses, options);
    case 'messaging':
      return suggestMessagingGrant(binding, uses, options);
    case 'objectstore':
      return suggestObjectStoreGrant(binding, uses);
    default:
      return { binding, notes: ['bindings of this kind are not looked at yet'] };
  }
}

/**
 * What was called under a label. The global fetch asks one http binding after the other, so what one of them
 * refuses and another one covers is no want of the first.
 */
export function usesOfLabel(
  calls: readonly Omit<CallUse, 'functionId'>[],
  label: string,
  { service }: Binding,
): readonly GrantUse[] {
  const isCovered = ({ op, name }: GrantUse): boolean =>
    calls.some(
      (other) =>
        other.service === 'http' && other.outcome !== 'denied' && other.op === op && other.name === name,
    );
  return calls.filter(
    (call) =>
      call.label === label &&
      call.service === service &&
      !(service === 'http' && call.outcome === 'denied' && isCovered(call)),
  );
}
