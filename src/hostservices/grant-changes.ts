import { isDeepStrictEqual } from 'node:util';
import type { Binding } from '../core/index.ts';
import { compareHttpGrants } from './http/grant-change.ts';
import { compareKvGrants } from './kv/grant-change.ts';
import { compareMessagingGrants } from './messaging/grant-change.ts';
import { compareObjectStoreGrants } from './objectstore/grant-change.ts';
import type { GrantDetail } from './shared/grant-change.ts';

export type { GrantDetail } from './shared/grant-change.ts';

type Bindings = Readonly<Record<string, Binding>>;

/** How what a function may reach under one label differs from what its live version may. */
export type GrantChange =
  | { readonly label: string; readonly change: 'added' | 'removed'; readonly binding: Binding }
  | {
      readonly label: string;
      /** `widened` also when it is narrower in another respect. */
      readonly change: 'widened' | 'narrowed';
      readonly binding: Binding;
      readonly details: readonly GrantDetail[];
    };

/** What differs between the bindings of two versions, in the order of the later one. */
export function compareGrants(before: Bindings, after: Bindings): readonly GrantChange[] {
  const changes: GrantChange[] = [];
  for (const [label, binding] of Object.entries(after)) {
    const previous = Object.hasOwn(before, label) ? before[label] : undefined;
    if (previous === undefined) {
      changes.push({ label, change: 'added', binding });
      continue;
    }
    const details = compareBindings(previous, binding);
    const change = details.some(({ wider }) => wider) ? 'widened' : 'narrowed';
    if (details.length > 0) changes.push({ label, change, binding, details });
  }
  for (const [label, binding] of Object.entries(before))
    if (!Object.hasOwn(after, label)) changes.push({ label, change: 'removed', binding });
  return changes;
}

/** Whether a change needs somebody's approval. */
export function isWidening({ change }: GrantChange): boolean {
  return change === 'added' || change === 'widened';
}

/** A new host service has a line here; until it has one, whatever differs counts as wider. */
function compareBindings(before: Binding, after: Binding): readonly GrantDetail[] {
  if (before.service === 'kv' && after.service === 'kv') return compareKvGrants(before, after);
  if (before.service === 'http' && after.service === 'http') return compareHttpGrants(before, after);
  if (before.service === 'messaging' && after.service === 'messaging')
    return compareMessagingGrants(before, after);
  if (before.service === 'objectstore' && after.service === 'objectstore')
    return compareObjectStoreGrants(before, after);
  return compareFields(before, after);
}

function compareFields(before: object, after: object): readonly GrantDetail[] {
  const fieldsBefore = new Map<string, unknown>(Object.entries(before));
  const fieldsAfter = new Map<string, unknown>(Object.entries(after));
  const show = (value: unknown): string =>
    typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return [...new Set([...fieldsBefore.keys(), ...fieldsAfter.keys()])]
    .filter((field) => !isDeepStrictEqual(fieldsBefore.get(field), fieldsAfter.get(field)))
    .map((field) => ({
      text: `${field} ${show(fieldsAfter.get(field))} (was ${show(fieldsBefore.get(field))})`,
      wider: true,
    }));
}
