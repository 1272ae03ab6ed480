import type { Binding, Manifest } from '../../core/index.ts';
import {
  compareGrants,
  type RecordedCall,
  startRequestToWire,
  suggestGrant,
  usesOfLabel,
} from '../../host/index.ts';
import type { Recording } from './recording.ts';

/** What the recording says of one binding. */
export interface BindingSuggestion {
  readonly label: string;
  /**
   * `unused`: nothing was called under the label, so that it can be removed. `unseen`: it is a secret, a text in
   * `env` that a function reads without a call.
   */
  readonly state: 'fits' | 'narrower' | 'wider' | 'unused' | 'unseen';
  /** The binding as it is to stand in the Nexfile; as it stands where it is unused. */
  readonly grant: object;
  /** In what it differs from the one that stands there. */
  readonly changes: readonly string[];
  readonly notes: readonly string[];
}

/** What the recording says of one function. */
export interface FunctionSuggestion {
  readonly name: string;
  readonly file: string;
  /** Whether it was called at all while somebody recorded. */
  readonly observed: boolean;
  /** Whether some of its calls may be missing. */
  readonly incomplete: boolean;
  readonly bindings: readonly BindingSuggestion[];
}

export interface SuggestionOptions {
  readonly namespace: string;
  readonly generalize: number | undefined;
}

/** The smallest grants that cover what a function has called. */
export function suggestFor(
  manifest: Manifest,
  file: string,
  recordings: readonly Recording[],
  { namespace, generalize }: SuggestionOptions,
): FunctionSuggestion {
  const calls = recordings
    .flatMap((recording) => recording.calls)
    .filter((call) => call.namespace === namespace && call.function === manifest.name);
  const told = (op: string): boolean => calls.some((call) => call.label === '' && call.op === op);
  const observed = told('invoke');
  const bindings = Object.entries(manifest.start.bindings);
  return {
    name: manifest.name,
    file,
    observed,
    incomplete: told('overflow') || recordings.some(({ isFull }) => isFull),
    bindings: observed
      ? bindings.map(([label, binding]) => suggestBinding(manifest, label, binding, calls, generalize))
      : [],
  };
}

function suggestBinding(
  manifest: Manifest,
  label: string,
  current: Binding,
  calls: readonly RecordedCall[],
  generalize: number | undefined,
): BindingSuggestion {
  if (current.service === 'secret')
    return { label, state: 'unseen', grant: toWire(manifest, current), changes: [], notes: [] };
  const uses = usesOfLabel(calls, label, current);
  if (uses.length === 0)
    return { label, state: 'unused', grant: toWire(manifest, current), changes: [], notes: [] };
  const { binding, notes } = suggestGrant(current, uses, { generalize });
  const [change] = compareGrants({ [label]: current }, { [label]: binding });
  const details = change !== undefined && 'details' in change ? change.details : [];
  return {
    label,
    state: change === undefined ? 'fits' : change.change === 'narrowed' ? 'narrower' : 'wider',
    grant: toWire(manifest, change === undefined ? current : binding),
    changes: details.map(({ text }) => text),
    notes,
  };
}

/** A binding as a Nexfile has it, without what it has by default. */
function toWire(manifest: Manifest, binding: Binding): object {
  const wire = startRequestToWire({ ...manifest.start, bindings: { ONE: binding } }) as {
    readonly bindings: { readonly ONE: object };
  };
  return Object.fromEntries(
    Object.entries(wire.bindings.ONE).filter(
      ([, value]) => value !== false && !(Array.isArray(value) && value.length === 0),
    ),
  );
}
