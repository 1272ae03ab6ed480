import { type FunctionSpec, HairspringError, isHttpTrigger, isSubjectTrigger } from '../../core/index.ts';

/**
 * Whether a function has a handler for each kind of its triggers.
 * @throws HS_HANDLER_MISSING
 */
export function checkHandlers({ name, triggers }: FunctionSpec, handlers: readonly string[]): void {
  const found = handlers.length === 0 ? 'no handler' : `only ${handlers.join(', ')}`;
  const refuse = (need: string, hint?: string): never => {
    const message = `Cannot deploy "${name}": ${need}, and the module exports ${found}`;
    throw new HairspringError('HS_HANDLER_MISSING', message, hint === undefined ? {} : { hint });
  };
  const answersHttp = triggers.some(isHttpTrigger);
  const listens = triggers.some(isSubjectTrigger);
  if (answersHttp && !handlers.includes('fetch')) refuse('its http triggers need a fetch handler');
  if (handlers.includes('message') || (answersHttp && !listens)) return;
  const hint =
    handlers.includes('fetch') && !answersHttp
      ? 'Give it an http trigger, such as http: { route: / }, or export a message handler'
      : undefined;
  refuse(
    listens ? 'its subject triggers need a message handler' : 'without triggers it needs a message handler',
    hint,
  );
}
