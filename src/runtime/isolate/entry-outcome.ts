import type { GuestOutput } from './guest-outputs.ts';

/** Why an entry did not end well. After anything but `cpu` the isolate is gone: `overrun` is the same without it. */
export type EntryFault =
  | { readonly kind: 'cpu'; readonly invocationId: number }
  | { readonly kind: 'overrun' }
  | { readonly kind: 'memory' }
  | { readonly kind: 'output' }
  | { readonly kind: 'broken'; readonly message: string };

export interface EntryOutcome {
  readonly outputs: readonly GuestOutput[];
  /** Records of the batch that were begun; the rest must be given again. */
  readonly taken: number;
  readonly fault: EntryFault | undefined;
  /** Why and where a promise was rejected that nobody handled; the isolate is none the worse for it. */
  readonly unhandled: string | undefined;
}
