import { type FunctionSpec, HairspringError, isHttpTrigger, isSubjectTrigger } from '../../core/index.ts';

/** What the handlers are called in each type of function. */
const NAMES = {
  javascript: { message: 'message', fetch: 'fetch' },
  wasm: { message: 'a handler of messages', fetch: 'wasi:http/incoming-handler' },
} as const;

/**
 * Whether a function has a handler for each kind of its triggers.
 * @throws HS_HANDLER_MISSING
 */
export function checkHandlers(
  { name, type, triggers }: Pick<FunctionSpec, 'name' | 'type' | 'triggers'>,
  handlers: readonly string[],
): void {
  const names: Readonly<Record<string, string>> = NAMES[type];
  const found =
    handlers.length === 0 ? 'no handler' : `only ${handlers.map((each) => names[each] ?? each).join(', ')}`;
  const refuse = (need: string, hint?: string): never => {
    const message = `Cannot deploy "${name}": ${need}, and the module exports ${found}`;
    throw new HairspringError('HS_HANDLER_MISSING', message, hint === undefined ? {} : { hint });
  };
  const answersHttp = triggers.some(isHttpTrigger);
  const listens = triggers.some(isSubjectTrigger);
  if (answersHttp && !handlers.includes('fetch'))
    refuse(
      type === 'wasm'
        ? 'its http triggers need a component that exports wasi:http/incoming-handler'
        : 'its http triggers need a fetch handler',
    );
  if (handlers.includes('message') || (answersHttp && !listens)) return;
  const hint =
    handlers.includes('fetch') && !answersHttp
      ? 'Give it an http trigger, such as http: { route: / }, or export a handler of messages'
      : undefined;
  const need = type === 'wasm' ? 'a handler of messages' : 'a message handler';
  refuse(listens ? `its subject triggers need ${need}` : `without triggers it needs ${need}`, hint);
}
