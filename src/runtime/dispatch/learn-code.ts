import type { FunctionSpec } from '../../core/index.ts';
import { moduleScript } from '../isolate/prelude.ts';
import type { EntryJournal } from '../observer.ts';
import type { Instance } from './instance.ts';
import type { FunctionCode } from './wake-instance.ts';

/** Making the cache of a longer script takes the thread for more than a few milliseconds. */
const MAX_LEARNED_CHARS = 128 * 1024;

export interface CodeLearner {
  readonly journal: EntryJournal;
  /** Takes V8's code cache of a script of which an instance has served calls. @default it is not made */
  readonly keepCache?: (spec: FunctionSpec, bytes: Uint8Array) => void;
  readonly readCode: (spec: FunctionSpec) => FunctionCode | Promise<FunctionCode>;
}

/**
 * Has V8 make the cache of what has run by now, for the wakes to come: of the function's script, or of the part of
 * the runtime that runs modules.
 * @param instance one that has served calls, and rests
 */
export function learnCode(instance: Instance, spec: FunctionSpec, learner: CodeLearner): void {
  const { journal, keepCache, readCode } = learner;
  if (keepCache === undefined) return;
  journal.enter(spec.id, []);
  try {
    const code = readCode(spec);
    // It has been given up to others, and would be so again.
    if (code instanceof Promise) return void code.catch(() => undefined);
    if (typeof code !== 'string') {
      instance.teach(moduleScript(code.features));
      return;
    }
    const bytes = code.length <= MAX_LEARNED_CHARS ? instance.codeCache(code) : undefined;
    if (bytes !== undefined) keepCache(spec, bytes);
  } catch {
    // The artifact is gone, which whoever wakes the function the next time hears.
  } finally {
    journal.leave();
  }
}

/** Has V8 make the caches of the parts of the web platform that an instance has used first in this process. */
export function learnFeatures(
  instance: Instance,
  { id }: FunctionSpec,
  { journal }: Pick<CodeLearner, 'journal'>,
): void {
  journal.enter(id, []);
  try {
    instance.teachFeatures();
  } finally {
    journal.leave();
  }
}
