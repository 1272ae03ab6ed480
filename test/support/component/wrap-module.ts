/** Components that import nothing. */
import { joinSections, moduleSection, name, section } from './encoding.ts';
import { type HandlerText, handlerSections } from './handler-sections.ts';
import { HANDLER } from './handlers.ts';
import { TypeList } from './type-list.ts';

/** A component of a module that exports memory, realloc and its handler as `handle`. */
export function wrapModule(
  module: Uint8Array,
  parts: HandlerText = { handler: HANDLER, exported: HANDLER.name, exportedIn: undefined },
): Uint8Array {
  const types = new TypeList();
  const type = types.func(parts.handler);
  return joinSections(
    moduleSection(module),
    section(2, [[0, 0, 0]]),
    section(6, [
      [0, 2, 1, 0, ...name('memory')],
      [0, 0, 1, 0, ...name('realloc')],
      [0, 0, 1, 0, ...name('handle')],
    ]),
    section(7, types.items),
    ...handlerSections(parts, { core: 1, type, func: 0, instance: 0 }),
  );
}
